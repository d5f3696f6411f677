import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { valueOf } from "../supervisor/world.ts"
import { transportTo } from "../sync/stage.ts"
import { served, toml, typed } from "./stage.ts"

const two = toml.replace("instances = 2", 'servers = ["la", "ams"]\ninstances = 2')

describe("tako apps deploy", () => {
  it.scoped("deploys this folder as tako.toml says, and records who did it", () =>
    Effect.gen(function* () {
      const { server, tako, sent } = yield* served()
      const deployed = yield* tako("apps deploy --env production --build b7")
      assert.deepInclude(deployed, { code: 0, stdout: "" })
      assert.match(
        deployed.stderr,
        /^Deploying shop\/production to local …\nlocal: release 1 of shop\/production runs with 2 instances at 127\.0\.0\.1:8080, after \d+\.\d s\n$/
      )
      const { by, ...request } = JSON.parse(sent.at(-1)?.line ?? "")
      assert.match(by, /^.+@.+$/)
      assert.deepStrictEqual(request, {
        command: "deploy",
        app: "shop/production",
        directory: "/srv/shop",
        start: ["node", "server.js"],
        release: "node migrate.js",
        instances: 2,
        listen: "127.0.0.1:8080",
        drain_ms: 5000,
        vars: { GREETING: "hello" },
        build: "b7"
      })
      const [, first] = yield* server.started
      assert.deepInclude(first?.spec.environment, { GREETING: "hello", TAKO_BUILD: "b7", ENV: "production" })
      assert.strictEqual(first === undefined ? "" : valueOf(first), undefined)
    })
  )

  it.scoped("treats an environment that the project does not have as misspelt", () =>
    Effect.gen(function* () {
      const { tako, sent } = yield* served()
      const near = yield* tako("apps deploy --env prodution --server local")
      assert.deepInclude(near, { code: 2, stdout: "" })
      assert.include(near.stderr, "This project has no environment prodution. Did you mean production?\n")
      assert.include(near.stderr, "If it is a new one, add it to tako.toml: [envs.prodution]")
      const far = yield* tako("apps deploy --env prd")
      assert.include(far.stderr, "This project has no environment prd: it has production.")
      assert.deepStrictEqual(sent, [])
      const declared = `${toml}[envs.prodution]\n`
      assert.strictEqual((yield* tako("apps deploy --env prodution", { toml: declared })).code, 0)
      const none = 'name = "shop"\nstart = ["node", "server.js"]\n'
      assert.strictEqual((yield* tako("apps deploy --env staging", { toml: none })).code, 0)
    })
  )

  it.scoped("shows the app's last lines, without control sequences, and changes nothing", () =>
    Effect.gen(function* () {
      const { server, tako } = yield* served()
      server.acts.behave = (process) =>
        Effect.zipRight(
          process.say("stderr", "\u001b[2J\u001b]0;x\u0007Error:\u001b[31m no\tdatabase\u001b[0m\n"),
          process.end({ _tag: "Exited", code: 7 })
        )
      const failed = yield* tako("apps deploy --env production", { toml: toml.replace(/^release.*$/m, "") })
      assert.strictEqual(failed.code, 5)
      assert.match(
        failed.stderr,
        /error: Server local: shop\/production was not changed; nothing runs yet\.\nInstance \w{8} ended before it was ready: .*7\.\nIts last lines:\n {2}Error: no {4}database\n$/
      )
      assert.include((yield* tako("status")).stderr, "There are no apps yet on local")
    })
  )

  it.scoped("runs the release command only on the first server, before the others", () =>
    Effect.gen(function* () {
      const { tako, sent } = yield* served(["la", "ams"])
      const deployed = yield* tako("apps deploy -e production --directory /srv/shop", { toml: two })
      // Both names lead to the same server, so the second deploy is its release 2.
      assert.strictEqual(deployed.code, 0)
      assert.match(deployed.stderr, /^la: release 1 of /m)
      assert.match(deployed.stderr, /^ams: release 2 of /m)
      const requests = sent.map(({ server, line }) => ({ server, ...JSON.parse(line) }))
      const deploys = requests.filter(({ command }) => command === "deploy")
      assert.deepStrictEqual(
        deploys.map(({ server, release }) => [server, release]),
        [
          ["la", "node migrate.js"],
          ["ams", undefined]
        ]
      )
    })
  )

  it.scoped("leaves the other servers alone if the first one fails", () =>
    Effect.gen(function* () {
      const { server, tako, sent } = yield* served(["la", "ams"])
      server.acts.behave = ({ end }) => end({ _tag: "Exited", code: 1 })
      const failed = yield* tako("apps deploy -e production --directory /srv/shop", { toml: two })
      assert.strictEqual(failed.code, 5)
      assert.include(failed.stderr, "The release command ended with")
      assert.include(failed.stderr, "so nothing was deployed to ams")
      assert.deepStrictEqual(new Set(sent.map(({ server }) => server)), new Set(["la"]))
    })
  )
})

describe("tako apps scale, restart, stop, rollback, rm", () => {
  it.scoped("manage an app by its name, from anywhere", () =>
    Effect.gen(function* () {
      const { server, tako } = yield* served()
      const prints = (line: string, words: string) =>
        Effect.map(tako(line, { toml: undefined }), ({ code, stderr }) => {
          assert.include(stderr, words, line)
          assert.strictEqual(code, 0, line)
        })
      yield* tako("apps deploy -e production")
      yield* prints("apps scale 3 shop/production", "local: shop/production runs with 3 instances")
      yield* prints("apps scale shop/production 1", "local: shop/production runs with 1 instance\n")
      yield* tako("apps deploy -e production --instances 1")
      yield* prints(
        "apps rollback shop/production",
        "local: shop/production is back at release 1, with 1 instance"
      )
      yield* prints("apps rollback shop/production --release 2", "is back at release 2")
      yield* prints("apps stop shop/production", "local: shop/production is stopped")
      assert.include((yield* tako("status")).stdout, "stopped")
      yield* prints("apps restart shop/production", "local: shop/production has 1 new instance, after")
      yield* prints("apps scale 2 shop/production", "runs with 2 instances")
      yield* prints("apps rm shop/production --yes", "local: shop/production is deleted")
      yield* server.settle("1 minute")
      assert.include((yield* tako("status")).stderr, "There are no apps yet")
    })
  )

  it.scoped("asks before it deletes, and refuses without a terminal", () =>
    Effect.gen(function* () {
      const { tako, sent } = yield* served()
      yield* tako("apps deploy -e production")
      const before = sent.length
      const alone = yield* tako("apps rm -e production")
      assert.deepInclude(alone, { code: 2 })
      assert.include(alone.stderr, "add --yes")
      assert.strictEqual((yield* tako("apps rm -e production", { answers: ["n"] })).code, 1)
      assert.lengthOf(sent, before)
      assert.strictEqual((yield* tako("apps rm -e production", { answers: ["y"] })).code, 0)
    })
  )

  it.scoped("reports each server: what is done stays done, and the exit code is 5 if one failed", () =>
    Effect.gen(function* () {
      const { tako } = yield* served(["la"], { others: { ams: () => Effect.succeed("nonsense") } })
      yield* tako("apps deploy -e production -s la --directory /srv/shop")
      const stopped = yield* tako("apps stop shop/production --json", { toml: two })
      assert.strictEqual(stopped.code, 5)
      const [la, ams] = JSON.parse(stopped.stdout).servers
      assert.deepInclude(la, { name: "la", state: "done", app: "shop/production" })
      assert.isNumber(la.seconds)
      assert.deepInclude(ams, { name: "ams", state: "failed", error: "ServerMisbehaved", reason: "not-json" })
      assert.include(stopped.stderr, "Server ams does not answer like tako-server")
    })
  )
})

describe("refuses invalid input before it contacts a server", () => {
  it.effect.each([
    ["apps deploy -e production", { toml: undefined }, "there is no tako.toml here"],
    ["apps deploy -e production", { toml: 'name = "shop"' }, "tako.toml has no start"],
    ["apps deploy -e production", { servers: ["la", "ams"] }, "Pass --server: la, ams, local"],
    [
      "apps stop -e prodution",
      { servers: ["la", "ams"] },
      "Did you mean production?\nIf not, pass --server: la, ams"
    ],
    ["apps stop -e production-eu", { servers: ["la"] }, "Which server?"],
    ["apps deploy -e production -s la", { servers: ["la"] }, "Which directory on la?"],
    ["apps deploy -e production --directory shop", {}, "absolute path"],
    ["apps deploy -e production --build \u001b[2J", {}, "--build takes"],
    ["apps deploy -e production --instances 1001", {}, "from 1 to 1000"],
    ["apps deploy", {}, "Which environment?"],
    ["apps stop", { toml: undefined }, "Which app?"],
    ["apps stop shop", {}, "as in shop/production"],
    ["apps stop ../../x/production", {}, "as in shop/production"],
    ["apps stop shop/production -e staging", {}, "leave out --env"],
    ["apps stop -e production -s a;b", {}, "--server takes"],
    ["apps scale -e production 0", {}, "from 1 to 1000.\nTo run none: tako apps stop"],
    ["apps scale -e production 1e3", {}, "from 1 to 1000"],
    ["apps rollback -e production --release 0", {}, "whole number from 1"],
    ["logs -e production --lines 10001", {}, "from 0 to 10000"],
    ["logs -e production --instance a\nb", {}, "--instance takes"],
    ["status shop/Production", {}, "as in shop/production"]
  ] as const)("tako %s", ([line, circumstances, words]) =>
    Effect.gen(function* () {
      const { layer, sent } = transportTo({})
      const refused = yield* typed(line, { toml, transport: layer, ...circumstances })
      assert.include(refused.stderr, words)
      assert.deepInclude(refused, { code: 2, stdout: "" })
      assert.lengthOf(sent, 0)
    })
  )
})
