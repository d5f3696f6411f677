import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Target } from "../../../../src/domain/target.ts"
import { connect } from "../../../../src/programs/client/client.ts"
import { contract, contractHandler } from "../../../../src/services/transport/contract.ts"
import { layerOf } from "../../../../src/services/transport/layer.ts"
import { layerOpenSshOf } from "../../../../src/services/transport/layer-openssh.ts"
import { layerSsh2Of } from "../../../../src/services/transport/layer-ssh2.ts"
import type { Transport } from "../../../../src/services/transport/transport.ts"
import { testContract } from "../../../support/contract.ts"
import { needs } from "../../../support/needs.ts"
import { certify, makeKey, publicLine, type Sshd, type SshdOptions, sshd } from "../../../support/sshd.ts"
import { canary, secrets } from "../fixtures.ts"
import { around, serve } from "./reach.ts"

const variables = { PATH: process.env.PATH }

type Way = (server: Sshd) => Layer.Layer<Transport>

const ssh2: Way = ({ config }) => Layer.provide(layerSsh2Of({}), around(config))
const openSsh: Way = ({ config }) => layerOpenSshOf({ variables, configFile: config })
const whichever: Way = ({ config }) =>
  Layer.provide(layerOf({}, { variables, configFile: config }), around(config))

const ways = [
  ["ssh2", ssh2],
  ["OpenSSH", openSsh],
  ["whichever can", whichever]
] as const

const reach = (way: Way, options: SshdOptions = {}) =>
  Effect.gen(function* () {
    const server = yield* sshd(options)
    const target = yield* serve(server, contractHandler)
    return {
      server,
      target,
      nobody: { ...target, name: "nobody", socket: `${target.socket}-not` },
      transport: way(server),
      absentStage: "socket" as const
    }
  })

describe.skipIf(!needs("sshd"))("by a real sshd", () => {
  for (const [title, way] of ways.slice(0, 2)) {
    testContract(`Transport by ${title}`, contract(reach(way)), Layer.empty)
  }

  const test = (
    title: string,
    run: (way: Way) => Effect.Effect<void, unknown, Scope.Scope>,
    some: ReadonlyArray<readonly [string, Way]> = ways.slice(0, 2)
  ) => {
    for (const [name, way] of some) it.scopedLive(`${title}, by ${name}`, () => run(way))
  }

  const greet = (target: Target, transport: Layer.Layer<Transport>) =>
    Effect.map(Effect.provide(connect(target), transport), ({ hello }) => hello.server_version)

  const failure = (target: Target, transport: Layer.Layer<Transport>) => Effect.flip(greet(target, transport))

  test("an unknown host is refused, and so is one with a changed or revoked key", (way) =>
    Effect.gen(function* () {
      const { server, target, transport } = yield* reach(way)
      const other = Path.join(server.folder, "other")
      makeKey(other)
      const name = `[127.0.0.1]:${server.port}`
      // The check must not depend on the user's configuration, which is lax here.
      const lax = ["StrictHostKeyChecking no", "NoHostAuthenticationForLocalhost yes", "VerifyHostKeyDNS yes"]
      Fs.appendFileSync(server.config, `${lax.join("\n")}\n`)
      for (const [text, reason] of [
        ["", "unknown"],
        [`${name} ${publicLine(other)}\n`, "changed"],
        [`${name} ${publicLine(server.hostKey)}\n@revoked * ${publicLine(server.hostKey)}\n`, "revoked"]
      ] as const) {
        Fs.writeFileSync(server.knownHosts, text)
        const error = yield* failure(target, transport)
        assert.strictEqual(error._tag, "HostKeyRefused", error.message)
        assert.strictEqual("reason" in error ? error.reason : "", reason)
        assert.include(error.message, name)
        assert.include(error.message, "Nothing was sent")
      }
      assert.notInclude(server.log(), "Accepted")
    }))

  test("a refused login names the user and the host", (way) =>
    Effect.gen(function* () {
      const { server, target, transport } = yield* reach(way)
      Fs.writeFileSync(Path.join(server.folder, "authorized"), "")
      const error = yield* failure(target, transport)
      assert.deepInclude(error, { _tag: "LoginRefused", user: server.user })
    }))

  test(
    "an unusable key is named, with advice",
    (way) =>
      Effect.gen(function* () {
        const { server, target, transport } = yield* reach(way)
        Fs.chmodSync(server.clientKey, 0o644)
        const exposed = yield* failure(target, transport)
        assert.deepInclude(exposed, { _tag: "LoginRefused", reason: "no-keys" })
        assert.include(exposed.message, `others can read it.\nMake it private: chmod 600 ${server.clientKey}`)
        Fs.chmodSync(server.clientKey, 0o600)
        assert.strictEqual(yield* greet(target, transport), "1")
        Fs.truncateSync(server.clientKey, 200)
        const torn = yield* failure(target, transport)
        assert.include(torn.message, `${server.clientKey} contains no readable key.`)
        Fs.writeFileSync(server.clientKey, `${publicLine(server.clientKey)}\n`)
        const other = Path.join(server.folder, "other")
        makeKey(other)
        Fs.chmodSync(other, 0o640)
        Fs.appendFileSync(server.config, `IdentityFile ${other}\n`)
        assert.include((yield* failure(target, transport)).message, `${other} was skipped`)
        Fs.rmSync(server.clientKey)
        makeKey(server.clientKey, ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "open sesame"])
        Fs.rmSync(`${server.clientKey}.pub`)
        const nameless = yield* failure(target, transport)
        assert.include(nameless.message, `ssh-keygen -y -f ${server.clientKey} > ${server.clientKey}.pub`)
      }),
    [ways[0], ways[2]]
  )

  test("with more keys than a host accepts tries, the error says how to name the right one", (way) =>
    Effect.gen(function* () {
      const { server, target, transport } = yield* reach(way, { server: ["MaxAuthTries 2"] })
      const others = ["a", "b", "c"].map((name) => Path.join(server.folder, name))
      for (const other of others) makeKey(other)
      const text = Fs.readFileSync(server.config, "utf8")
      const first = others.map((other) => `IdentityFile ${other}\n`).join("")
      Fs.writeFileSync(server.config, `Host la.example\n${first}${text}`)
      const error = yield* failure(target, transport)
      assert.deepInclude(error, { _tag: "LoginRefused", reason: "refused" })
      assert.include(error.message, "it closed the connection")
      assert.include(error.message, "IdentitiesOnly yes")
    }))

  test("with an sshd that forwards nothing, the error names the setting", (way) =>
    Effect.gen(function* () {
      const { target, transport } = yield* reach(way, { server: ["AllowStreamLocalForwarding no"] })
      const error = yield* failure(target, transport)
      assert.deepInclude(error, { _tag: "ServerUnreachable", stage: "socket" })
      assert.include(error.message, "AllowStreamLocalForwarding")
    }))

  test("a connection that is lost while the server works is reported as such, and soon", (way) =>
    Effect.gen(function* () {
      const { server, target, transport } = yield* reach(way)
      const error = yield* Effect.gen(function* () {
        const connected = yield* connect(target)
        yield* Effect.sync(() => server.cut())
        return yield* Effect.flip(
          connected.call({ command: "update_secrets", app: "shop/production" as never, secrets })
        )
      }).pipe(Effect.provide(transport), Effect.timeout("20 seconds"))
      assert.strictEqual(error._tag, "ServerUnreachable")
      assert.notInclude(error.message, canary)
    }))

  test("a host is reached through another one", (way) =>
    Effect.gen(function* () {
      const { server, target } = yield* reach(way)
      const jump = yield* sshd({
        client: [
          "Host la.example",
          `Port ${server.port}`,
          "ProxyJump jump",
          `UserKnownHostsFile ${server.knownHosts}`,
          `IdentityFile ${server.clientKey}`
        ]
      })
      const transport = way(jump)
      assert.strictEqual(yield* greet(target, transport), "1")
      assert.include(jump.log(), "Accepted publickey")
      assert.include(server.log(), "Accepted publickey")
      Fs.writeFileSync(jump.knownHosts, "")
      const refused = yield* failure(target, transport)
      assert.strictEqual(refused._tag, "HostKeyRefused")
      // OpenSSH reports nothing more about the ssh it starts for the jump host.
      if (way !== openSsh) assert.include(refused.message, `[127.0.0.1]:${jump.port}`)
    }))

  test(
    "what ssh2 cannot do is left to ssh: a ProxyCommand",
    (way) =>
      Effect.gen(function* () {
        const { server, target, transport } = yield* reach(way)
        const text = Fs.readFileSync(server.config, "utf8")
        Fs.writeFileSync(server.config, `Host la.example\nProxyCommand ${proxy(server)}\n${text}`)
        assert.strictEqual(yield* greet(target, transport), "1")
      }),
    ways.slice(2)
  )

  test(
    "what ssh2 cannot do is left to ssh: a certificate of the host's",
    (way) =>
      Effect.gen(function* () {
        const { server, target, transport } = yield* reach(way)
        const authority = Path.join(server.folder, "authority")
        makeKey(authority)
        certify(authority, server.hostKey)
        Fs.appendFileSync(
          Path.join(server.folder, "sshd_config"),
          `HostCertificate ${server.hostKey}-cert.pub\n`
        )
        Fs.writeFileSync(server.knownHosts, `@cert-authority * ${publicLine(authority)}\n`)
        assert.strictEqual(yield* greet(target, transport), "1")
      }),
    ways.slice(2)
  )

  describe("with a key that is locked", () => {
    const locked = (variables: Record<string, string>, answers?: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const server = yield* sshd()
        Fs.rmSync(server.clientKey)
        Fs.rmSync(`${server.clientKey}.pub`)
        makeKey(server.clientKey, ["-t", "ed25519", "-N", "open sesame"])
        Fs.copyFileSync(`${server.clientKey}.pub`, Path.join(server.folder, "authorized"))
        Fs.rmSync(`${server.clientKey}.pub`)
        const target = yield* serve(server, contractHandler)
        const transport = Layer.provide(layerSsh2Of({}), around(server.config, answers))
        return yield* Effect.either(greetTwice(target)).pipe(
          Effect.provide(transport),
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))
        )
      })
    const greetTwice = (target: Target) => Effect.all([connect(target), connect(target)], { concurrency: 2 })

    it.scopedLive("its passphrase can come from the variable", () =>
      Effect.map(locked({ TAKO_SSH_KEY_PASSPHRASE: "open sesame" }), (result) =>
        assert.strictEqual(result._tag, "Right")
      )
    )
    it.scopedLive("its passphrase is asked for once, however many servers need it", () =>
      Effect.map(locked({}, ["wrong", "open sesame"]), (result) => assert.strictEqual(result._tag, "Right"))
    )
    it.scopedLive("and an empty passphrase, it is skipped, as by ssh", () =>
      Effect.map(Effect.flatMap(locked({}, [""]), Effect.flip), (error) =>
        assert.deepInclude(error, { _tag: "LoginRefused", reason: "locked" })
      )
    )
    it.scopedLive("and nobody to ask, the error says how to unlock it", () =>
      Effect.map(Effect.flatMap(locked({ TAKO_SSH_KEY_PASSPHRASE: "wrong" }), Effect.flip), (error) => {
        assert.deepInclude(error, { _tag: "LoginRefused", reason: "locked" })
        assert.include(error.message, "ssh-add")
        assert.notInclude(error.message, 'wrong"')
      })
    )
  })
})

/** A ProxyCommand that leads to the server's port. */
const proxy = ({ folder, port }: Sshd): string => {
  const script = Path.join(folder, "proxy.cjs")
  Fs.writeFileSync(
    script,
    `const socket = require("net").connect(${port}, "127.0.0.1"); process.stdin.pipe(socket).pipe(process.stdout)`
  )
  return `${process.execPath} ${script}`
}
