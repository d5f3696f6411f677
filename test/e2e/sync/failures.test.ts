import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { hostile } from "../../services/transport/hostile.ts"
import { needs } from "../../support/needs.ts"
import { makeKey, publicLine } from "../../support/sshd.ts"
import { app, openShop } from "../server/shop.ts"
import { endedIn, makeWorld, startHost } from "./world.ts"

const names = ["la", "down", "stranger", "changed", "locked", "absent", "lies"]
const toml = `name = "shop"\n[envs.production]\nservers = ${JSON.stringify(names)}\n`

const run = <A>(body: () => Promise<A>) => Effect.promise(body)

describe.skipIf(!needs("sshd"))("tako secrets sync, where servers fail", () => {
  it.scopedLive("names each, syncs the others, exits 5, and repairs them when they are back", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld(toml, ({ folder }) => [
        "Host down.example",
        "Port 1",
        "Host stranger.example",
        `UserKnownHostsFile ${folder}/empty`,
        "Host changed.example",
        `UserKnownHostsFile ${folder}/other_known_hosts`,
        "Host locked.example",
        `IdentityFile ${folder}/other`,
        ""
      ])
      const { folder } = world.sshd
      const liar = yield* hostile((socket, line) => {
        if (line !== "") socket.write(`{"__proto__":{"status":"ok"}}\u001b[2J\n`)
      })
      Fs.chmodSync(Path.dirname(liar.socket), 0o755)
      Fs.chmodSync(liar.socket, 0o777)
      makeKey(Path.join(folder, "other"))
      Fs.writeFileSync(Path.join(folder, "empty"), "")
      Fs.writeFileSync(
        Path.join(folder, "other_known_hosts"),
        `[127.0.0.1]:${world.relay.port} ${publicLine(Path.join(folder, "other"))}\n`
      )
      // Only one key is offered, and the host does not know it.
      const config = Fs.readFileSync(world.sshd.config, "utf8")
      Fs.writeFileSync(
        world.sshd.config,
        config
          .replace("\nHost *\n", "\nHost * !locked.example\n")
          .replace(
            `IdentityFile ${folder}/other`,
            [
              `IdentityFile ${folder}/other`,
              "HostName 127.0.0.1",
              `Port ${world.relay.port}`,
              `User ${world.sshd.user}`,
              "IdentityAgent none",
              "IdentitiesOnly yes",
              `UserKnownHostsFile ${world.sshd.knownHosts}`,
              "GlobalKnownHostsFile none"
            ].join("\n")
          )
      )
      yield* run(async () => {
        const la = await startHost()
        const absent = Path.join(la.folder, "absent")
        world.know(
          Object.fromEntries(
            names.map((name) => [
              name,
              name === "absent" ? absent : name === "lies" ? liar.socket : la.socket
            ])
          )
        )
        await world.set("GREETING", "c4nary")
        const ended = await world.tako(["secrets", "sync", "--yes", "--json"])
        assert.strictEqual(ended.code, 5, ended.stderr)
        const found = endedIn(ended)
        assert.deepInclude(found.la, { state: "unproven", revision: 1 })
        assert.deepInclude(found.down, {
          error: "ServerUnreachable",
          stage: "connect",
          reason: "ECONNREFUSED"
        })
        assert.deepInclude(found.stranger, { error: "HostKeyRefused", reason: "unknown" })
        assert.deepInclude(found.changed, { error: "HostKeyRefused", reason: "changed" })
        assert.deepInclude(found.locked, { error: "LoginRefused", reason: "refused" })
        assert.deepInclude(found.absent, { error: "ServerUnreachable", stage: "socket" })
        assert.deepInclude(found.lies, { error: "ServerMisbehaved" })
        for (const text of ["c4nary", "\u001b"]) assert.notInclude(ended.stdout + ended.stderr, text)

        const again = await world.tako(["secrets", "sync"])
        assert.strictEqual(again.code, 5)
        assert.include(again.stdout, "la         up to date")
        assert.include(again.stderr, "error: Server down failed while connecting")
        assert.include(again.stderr, "There are 3 other errors")
        // The cause is removed, and the same command sends what is missing.
        await openShop(la, { GREETING: "c4nary" }, 1)
        world.know(Object.fromEntries(names.map((name) => [name, la.socket])))
        Fs.writeFileSync(
          world.sshd.config,
          config.split("\n").slice(config.split("\n").indexOf("Host *")).join("\n")
        )
        const mended = await world.tako(["secrets", "sync"])
        assert.strictEqual(mended.code, 0, mended.stderr)
        assert.deepInclude(await la.call({ command: "secrets_state", app }), { names: ["GREETING"] } as never)
      })
    })
  )

  it.scopedLive("sends nothing anywhere when a value does not open, or no key fits", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld('name = "shop"\n[envs.production]\nservers = ["la"]\n')
      yield* run(async () => {
        world.know({ la: "/tmp/never" })
        await world.set("GREETING", "one")
        await world.set("OTHER", "two")
        const other = await world.tako(["secrets", "sync"], {
          variables: { TAKO_HOME: world.sandbox.folder, TAKO_PASSPHRASE: "not the one" }
        })
        // It has no servers of its own, so the one from tako.toml is unknown.
        assert.strictEqual(other.code, 1)
        assert.include(other.stderr, "to add it: tako servers add la HOST")
        const mistyped = await world.tako(["secrets", "sync", "--env", "prodution"])
        assert.strictEqual(mistyped.code, 2)
        assert.include(mistyped.stderr, "Did you mean production? If not:\nSay which, in tako.toml")
        Fs.copyFileSync(
          Path.join(world.sandbox.home, "config.toml"),
          Path.join(world.sandbox.folder, "config.toml")
        )
        Fs.chmodSync(world.sandbox.folder, 0o700)
        const wrongKey = await world.tako(["secrets", "sync"], {
          variables: { TAKO_HOME: world.sandbox.folder, TAKO_PASSPHRASE: "not the one" }
        })
        assert.strictEqual(wrongKey.code, 3, wrongKey.stderr)
        const file = world.sandbox.readFile()
        const { production } = file
        if (production === undefined) throw new Error("no production")
        production.secrets.OTHER = Buffer.alloc(40, 1).toString("base64")
        world.sandbox.writeFile(file)
        const damaged = await world.tako(["secrets", "sync", "--yes"])
        assert.strictEqual(damaged.code, 4, damaged.stderr)
        assert.include(damaged.stderr, "OTHER")
        assert.strictEqual(world.relay.connections(), 0)
        assert.strictEqual(world.calls(), "")
      })
    })
  )

  it.scopedLive(
    "may lose a connection anywhere and leaves one revision or the next, which the same command repairs",
    () =>
      Effect.gen(function* () {
        const world = yield* makeWorld('name = "shop"\n[envs.production]\nservers = ["la"]\n')
        yield* run(async () => {
          const la = await startHost()
          world.know({ la: la.socket })
          const value = "x".repeat(300_000)
          // The handshake takes some 2000 bytes, the login 1500; the value exceeds what a channel takes at once.
          for (const [before, cuts] of [
            [0, [30, 2600, 5000]],
            [1, [200_000]]
          ] as const) {
            await world.set("GREETING", `${before}${value}`)
            for (const cutAfter of cuts) {
              world.relay.cutAfter = cutAfter
              const cut = await world.tako(["secrets", "sync", "--json"])
              assert.strictEqual(cut.code, 5, cut.stderr)
              assert.deepInclude(endedIn(cut).la, { error: "ServerUnreachable" })
              assert.strictEqual(await revisionOf(la), before)
            }
            world.relay.cutAfter = Number.POSITIVE_INFINITY
            const mended = await world.tako(["secrets", "sync"])
            assert.strictEqual(mended.code, 0, mended.stderr)
            assert.strictEqual(await revisionOf(la), before + 1)
          }
        })
      })
  )

  it.scopedLive("treats no name as an option, a path or a command", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld("")
      yield* run(async () => {
        world.know({ la: "/tmp/never" })
        await world.set("GREETING", "one")
        const owned = Path.join(world.sandbox.folder, "owned")
        const tomls = [
          `name = "shop/$(touch ${owned})"\n[envs.production]\nservers = ["la"]\n`,
          `[envs.production]\nservers = ["-oProxyCommand=touch ${owned}"]\n`,
          `[envs."production;touch ${owned}"]\nservers = ["la"]\n`,
          `[envs."../production"]\nservers = ["la"]\n`
        ]
        for (const text of tomls) {
          Fs.writeFileSync(Path.join(world.sandbox.project, "tako.toml"), text)
          const { code, stderr } = await world.tako(["secrets", "sync"])
          assert.strictEqual(code, 1, stderr)
        }
        Fs.writeFileSync(
          Path.join(world.sandbox.project, "tako.toml"),
          '[envs.production]\nservers = ["la"]\n'
        )
        for (const args of [
          ["--server=-oProxyCommand=id"],
          ["--env", "$(id)"],
          ["--env=--yes"],
          ["--server", "la la"]
        ]) {
          const { code } = await world.tako(["secrets", "sync", ...args])
          assert.strictEqual(code, 2, args.join(" "))
        }
        const config = Path.join(world.sandbox.home, "config.toml")
        for (const line of ['host = "-oProxyCommand=id"', 'host = "la"\nuser = "-l"', 'host = "la`id`"']) {
          Fs.writeFileSync(config, `[[servers]]\nname = "la"\n${line}\n`)
          const { code, stderr } = await world.tako(["secrets", "sync"])
          assert.strictEqual(code, 1, stderr)
        }
        assert.isFalse(Fs.existsSync(owned))
        assert.strictEqual(world.calls(), "")
        assert.strictEqual(world.relay.connections(), 0)
      })
    })
  )
})

const revisionOf = (host: Awaited<ReturnType<typeof startHost>>): Promise<number> =>
  host.call({ command: "secrets_state", app }).then(
    ({ revision }) => revision ?? 0,
    () => 0
  )
