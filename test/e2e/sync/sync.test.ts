import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { passphrase } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"
import { get } from "../../support/server.ts"
import { app, openShop } from "../server/shop.ts"
import { endedIn, makeWorld, startHost } from "./world.ts"

const toml = 'name = "shop"\n[envs.production]\nservers = ["la", "open"]\n'

/** Configures one host in a way that only OpenSSH's own client supports. */
const byOpenSsh = () => ["Host open.example", "BindAddress 127.0.0.1", ""]

const run = <A>(body: () => Promise<A>) => Effect.promise(body)

/** Every file below a folder. */
const filesBelow = (folder: string): ReadonlyArray<string> =>
  Fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => Path.join(entry.parentPath, entry.name))

describe.skipIf(!needs("sshd"))("tako secrets sync", () => {
  it.scopedLive("rolls out new secrets over ssh2 and OpenSSH, and leaves no value anywhere on the way", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld(toml, byOpenSsh)
      yield* run(async () => {
        const [la, open] = [await startHost(), await startHost()]
        const listen = await openShop(la, { GREETING: "c4nary-one", OLD: "c4nary-two" })
        world.know({ la: la.socket, open: open.socket })
        await world.set("GREETING", "c4nary-three")
        await world.set("OLD", "c4nary-two")
        const plan = await world.tako(["secrets", "sync", "--dry-run"])
        assert.strictEqual(plan.code, 0, plan.stderr)
        assert.include(plan.stdout, "la       ~ GREETING\nopen     + GREETING, + OLD\n")

        const synced = await world.tako(["secrets", "sync"], {
          variables: { TAKO_PASSPHRASE: passphrase }
        })
        assert.strictEqual(synced.code, 0, synced.stderr)
        assert.match(synced.stdout, /^SERVER +RESULT +REVISION +REPLACED +SECONDS\nla +synced +2 +2 +\d/)
        assert.match(synced.stdout, /\nopen +synced, not running +1 +0 +\d/)
        assert.include((await get(listen)).body, "c4nary-three")
        assert.match((await la.call({ command: "secrets_state", app })).by ?? "", /^\w.*@/)

        const again = await world.tako(["secrets", "sync", "--json"])
        assert.strictEqual(again.code, 0, again.stderr)
        assert.deepInclude(endedIn(again).la, { state: "unchanged", revision: 2 })

        const seen = [
          ...[plan, synced, again].flatMap(({ stdout, stderr }) => [stdout, stderr]),
          world.calls(),
          world.sshd.log(),
          world.relay.passed().toString("latin1"),
          ...[world.sandbox.folder, world.sshd.folder, la.folder, open.folder]
            .flatMap(filesBelow)
            .map((file) => Fs.readFileSync(file, "latin1"))
        ]
        for (const form of ["c4nary", Buffer.from("c4nary-three").toString("base64").slice(0, -2)]) {
          assert.isFalse(seen.some((text) => text.includes(form)))
        }
        assert.notMatch(world.calls(), /TAKO_(?:PASSPHRASE|KEY)|canary passphrase/)
        assert.isAbove(world.relay.passed().length, 10_000)
      })
    })
  )

  it.scopedLive(
    "asks before servers lose secrets, needs --yes without a terminal, and can remove all of them",
    () =>
      Effect.gen(function* () {
        const world = yield* makeWorld('name = "shop"\n[envs.production]\nservers = ["la"]\n')
        yield* run(async () => {
          const la = await startHost()
          world.know({ la: la.socket })
          await world.set("GREETING", "one")
          assert.strictEqual((await world.tako(["secrets", "sync"])).code, 0)
          const gone = await world.tako(["secrets", "rm", "GREETING", "--env", "production", "--yes"])
          assert.strictEqual(gone.code, 0)
          const refused = await world.tako(["secrets", "sync"])
          assert.strictEqual(refused.code, 2)
          assert.include(refused.stderr, "Remove GREETING from la, which production no longer has?")
          assert.include(refused.stderr, "add --yes")
          assert.strictEqual((await la.call({ command: "secrets_state", app })).revision as number, 1)
          const synced = await world.tako(["secrets", "sync", "--yes"])
          assert.strictEqual(synced.code, 0)
          assert.deepStrictEqual((await la.call({ command: "secrets_state", app })).names, [])
        })
      })
  )
})
