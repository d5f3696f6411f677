import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { hasEnded } from "../supervisor/world.ts"
import { served, toml } from "./stage.ts"

const deployed = (names?: ReadonlyArray<string>, ...more: Parameters<typeof served>[1][]) =>
  Effect.tap(served(names, ...more), ({ tako }) =>
    tako(`apps deploy -e production -s ${names?.[0] ?? "local"} --directory /srv/shop`)
  )

describe("tako status", () => {
  it.scoped("prints a line per app, and details of an app that is named", () =>
    Effect.gen(function* () {
      const { server, tako } = yield* deployed()
      yield* server.settle("90 seconds")
      const all = yield* tako("status", { toml: undefined })
      assert.strictEqual(all.code, 0)
      assert.match(
        all.stdout,
        /^SERVER {3}APP {15}STATE {5}HEALTHY {3}AGE {3}RELEASE {3}REVISION.*\nlocal {4}shop\/production {3}running {3}2 of 2 {4}\d+m +1 {9}-.*\n$/
      )
      const one = yield* tako("status --env production")
      assert.include(one.stdout, "Address: 127.0.0.1:8080")
      // The age is not fixed, because the leaping clock may leap while the command loads its modules.
      assert.match(
        one.stdout,
        /^INSTANCE {3}STATE .*RESTARTS\n\w{8} {3}healthy {3}\d+m +\d+ {5}300\d {3}1 .*\n\w{8} /m
      )
      assert.match(one.stdout, /^RELEASE {3}DEPLOYED .*BY\n1 {9}\d+m ago +- .*@/m)
    })
  )

  it.scoped("says why an app is not running as it should, and that an instance is being restarted", () =>
    Effect.gen(function* () {
      const { server, tako } = yield* deployed()
      server.acts.behave = ({ end }) => end({ _tag: "Exited", code: 1 })
      for (const process of yield* server.started) {
        if (!(yield* hasEnded(process))) yield* process.end({ _tag: "Exited", code: 1 })
      }
      yield* server.settle("30 seconds")
      const look = tako("status shop/production")
      // Between two pauses an instance exists for a moment, so look until both are waiting.
      const { code, stdout } = yield* Effect.repeat(Effect.zipLeft(look, server.settle("100 millis")), {
        until: ({ stdout }) => stdout.match(/ backoff /g)?.length === 2,
        times: 20
      })
      assert.strictEqual(code, 0)
      assert.match(stdout, /local {4}shop\/production {3}degraded {3}0 of 2/)
      assert.match(stdout, /^- {10}backoff {3}\d+\w +- +- +1 /m)
    })
  )

  it.scoped("asks the servers of tako.toml, else all that were added, else the one on this machine", () =>
    Effect.gen(function* () {
      const { tako, sent } = yield* deployed(["la", "ams"])
      const asked = (line: string, circumstances = {}) =>
        Effect.gen(function* () {
          const before = sent.length
          yield* tako(line, circumstances)
          return [...new Set(sent.slice(before).map(({ server }) => server))].sort()
        })
      assert.deepStrictEqual(yield* asked("status"), ["ams", "la"])
      const named = toml.replace("instances = 2", 'servers = ["la"]')
      assert.deepStrictEqual(yield* asked("status", { toml: named }), ["la"])
      assert.deepStrictEqual(yield* asked("status -e production", { toml: named }), ["la"])
      // An app of another project may be on other servers, so all are asked.
      assert.deepStrictEqual(yield* asked("status blog/production", { toml: named }), ["ams", "la"])
      assert.deepStrictEqual(yield* asked("status -s ams", { toml: named }), ["ams"])
      assert.deepStrictEqual(yield* asked("status", { servers: [] }), [])
    })
  )

  it.scoped("suggests an existing app for a misspelt name", () =>
    Effect.gen(function* () {
      const { tako } = yield* deployed()
      const unknown = yield* tako("status shop/produktion")
      assert.deepInclude(unknown, {
        code: 5,
        stdout: "",
        stderr: "error: There is no app shop/produktion on local.\nDid you mean shop/production?\n"
      })
    })
  )

  it.scoped("shows the servers that answer, reports each that does not, and exits with 5", () =>
    Effect.gen(function* () {
      const { tako } = yield* deployed(["la"], { others: { ams: () => Effect.succeed('{"status":"?"}') } })
      const shown = yield* tako("status")
      assert.strictEqual(shown.code, 5)
      assert.match(shown.stdout, /^la .*running/m)
      assert.match(shown.stdout, /^ams +not tako-server$/m)
      assert.match(shown.stderr, /^error: Server ams does not answer like tako-server/m)
      const { code, stdout } = yield* tako("status --json")
      assert.strictEqual(code, 5)
      const [la, ams] = JSON.parse(stdout).servers
      assert.deepInclude(la, { name: "la", state: "answers", version: "1", memory: 1 })
      assert.deepInclude(la.apps[0], {
        app: "shop/production",
        state: "running",
        healthy: 2,
        instances: 2,
        release: 1,
        revision: null,
        listen: "127.0.0.1:8080",
        problem: null
      })
      assert.deepInclude(la.apps[0].instance_list[0], { state: "healthy", release: 1, restarts: 0 })
      assert.deepInclude(ams, { name: "ams", state: "failed", error: "ServerMisbehaved" })
    })
  )
})
