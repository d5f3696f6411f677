import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import type { Destination } from "../../../src/domain/server-registry/destination.ts"
import { hostIdentity, isForgotten } from "../../../src/domain/ssh/host-identity.ts"
import type { SshSettings } from "../../../src/domain/ssh/ssh-settings.ts"
import { contractOf, type Example } from "../../../src/services/ssh-config/contract.ts"
import { layerOf } from "../../../src/services/ssh-config/layer.ts"
import { layerMemory } from "../../../src/services/ssh-config/layer-memory.ts"
import { SshConfig } from "../../../src/services/ssh-config/ssh-config.ts"
import { testContract } from "../../support/contract.ts"
import { eventually } from "../../support/eventually.ts"
import { needs } from "../../support/needs.ts"
import { temporaryFolder } from "../files/folder.ts"

/** As `ssh -G` reports it of the configuration below. */
const settings: SshSettings = {
  hostname: "la.example",
  port: 2222,
  user: "deploy",
  addressFamily: "inet6",
  identity: hostIdentity({ host: "la.example", port: 2222 }, { files: ["/known"], hashed: false }),
  identityFiles: ["/keys/la"],
  identitiesOnly: true,
  jumps: [{ host: "bastion", port: 2200, user: "ops" }],
  agent: "/run/agent.sock",
  algorithms: {
    hostKey: ["ssh-ed25519"],
    kex: ["curve25519-sha256"],
    cipher: ["aes256-ctr"],
    mac: ["hmac-sha2-256"]
  },
  connectTimeout: 3,
  aliveInterval: 7,
  onlyOpenSsh: []
}

const example: Example = { host: "la", settings, refused: "unsafe" }

const configured = `Host la
  HostName la.example
  Port 2222
  User deploy
  AddressFamily inet6
  UserKnownHostsFile /known
  GlobalKnownHostsFile none
  IdentityFile /keys/la
  IdentitiesOnly yes
  ProxyJump ops@bastion:2200
  IdentityAgent /run/agent.sock
  HostKeyAlgorithms ssh-ed25519
  KexAlgorithms curve25519-sha256
  Ciphers aes256-ctr
  MACs hmac-sha2-256
  ConnectTimeout 3
  ServerAliveInterval 7
Host unsafe
  HostName -oProxyCommand=id
`

testContract("SshConfig in memory", contractOf(example), layerMemory(new Map([["la", settings]])))
if (needs("ssh"))
  testContract(
    "SshConfig",
    contractOf(example),
    Layer.unwrapScoped(
      Effect.map(temporaryFolder(), (folder) => {
        const configFile = Path.join(folder, "config")
        Fs.writeFileSync(configFile, configured)
        return layerOf({ variables: { PATH: process.env.PATH }, configFile })
      })
    )
  )

const resolve = (config: string, destination: Destination, variables = { PATH: process.env.PATH }) =>
  Effect.gen(function* () {
    const configFile = Path.join(yield* temporaryFolder(), "config")
    Fs.writeFileSync(configFile, config)
    const { resolve } = yield* Effect.provide(SshConfig, layerOf({ variables, configFile }))
    return yield* resolve("la", destination)
  })

const home = Os.userInfo().homedir

describe.skipIf(!needs("ssh"))("the user's ssh configuration", () => {
  it.scopedLive("is resolved as ssh does: patterns, tokens, several values", () =>
    Effect.gen(function* () {
      const settings = yield* resolve(
        `
Host la
  HostName LA.example
  Port 2222
  User deploy
  HostKeyAlias production
  IdentityFile ~/.ssh/%h_%r
  IdentityFile "/keys/with space"
  IdentityFile /keys/%C
  IdentitiesOnly yes
  IdentityAgent ~/agent.sock
  UserKnownHostsFile ~/known /known2
  HashKnownHosts yes
  ConnectTimeout 3
  ServerAliveInterval 7
  ProxyJump ops@bastion:2200,[fe80::1]
Host *
  User other
`,
        { host: "la" }
      )
      assert.deepInclude(settings, {
        hostname: "la.example",
        port: 2222,
        user: "deploy",
        identityFiles: [`${home}/.ssh/la.example_deploy`, "/keys/with space"],
        identitiesOnly: true,
        agent: `${home}/agent.sock`,
        jumps: [{ host: "bastion", port: 2200, user: "ops" }, { host: "fe80::1" }],
        connectTimeout: 3,
        aliveInterval: 7,
        onlyOpenSsh: []
      })
      assert.strictEqual(settings.identity.name, "production")
      assert.isTrue(settings.identity.hashed)
      assert.deepStrictEqual(settings.identity.files.slice(0, 2), [`${home}/known`, "/known2"])
    })
  )

  it.scopedLive("is overridden by the server's own settings", () =>
    Effect.gen(function* () {
      const settings = yield* resolve("Host *\nUser other\nPort 2222\n", {
        host: "la",
        user: "ops",
        port: 22
      })
      assert.deepInclude(settings, { user: "ops", port: 22 })
      assert.strictEqual(settings.identity.name, "la")
    })
  )

  const configurations = [
    ["", 4],
    [
      "Host *\n  User other\n  IdentityFile ~/.ssh/%h_%r\n  ControlPath ~/.ssh/%C\n  UserKnownHostsFile /known ~/k2\n  Port 2222\n",
      4
    ],
    ["HostName la\nIdentityAgent /run/agent\n", 4],
    ["Host am*\n  User other\nHost *\n  Port 23\n", 9],
    ["HostName %h.example\n", 9],
    ["UserKnownHostsFile /known_%h\n", 9],
    ["Match host fra\n  Port 24\n", 9],
    ["ProxyJump ams\n", 9],
    ["Host *\n  HostKeyAlias one\n", 9]
  ] as const
  it.each(configurations)(
    "is resolved once if it does not distinguish hosts: %j",
    async (config, expected) => {
      const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-test-ssh-"))
      try {
        Fs.writeFileSync(
          Path.join(folder, "ssh"),
          `#!/bin/sh\necho "$*" >>${folder}/calls\nPATH=\${PATH#*:} exec ssh "$@"\n`,
          { mode: 0o755 }
        )
        const counted = { PATH: `${folder}:${process.env.PATH}` }
        const hosts = ["la", "ams", "fra", "ams.example", "FRA", "::1", "192.0.2.1"]
        const destinations: ReadonlyArray<Destination> = [
          ...hosts.map((host) => ({ host })),
          ...["la", "ams"].map((host) => ({ host, user: "ops", port: 22 }))
        ]
        const each = destinations.map((destination) =>
          Effect.either(Effect.scoped(resolve(config, destination)))
        )
        const alone = await Effect.runPromise(Effect.all(each))
        const together = Effect.gen(function* () {
          const configFile = Path.join(folder, "config")
          Fs.writeFileSync(configFile, config)
          const { resolve } = yield* Effect.provide(SshConfig, layerOf({ variables: counted, configFile }))
          return yield* Effect.forEach(destinations, (one) => Effect.either(resolve("la", one)), {
            concurrency: 4
          })
        })
        assert.deepStrictEqual(await Effect.runPromise(together), alone)
        const calls = Fs.readFileSync(`${folder}/calls`, "utf8").trimEnd().split("\n").length
        // With and without user and port; and output that ssh may print differently: capital letters, an address with
        // colons.
        assert.strictEqual(calls, expected)
      } finally {
        Fs.rmSync(folder, { recursive: true })
      }
    }
  )

  it.scoped("whose ssh hangs blocks its callers for at most 10 seconds, and can be interrupted", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder()
      // Only the first call hangs.
      const script = `#!/bin/sh\n[ -e ${folder}/asked ] || { : >${folder}/asked; exec sleep 60; }\nPATH=\${PATH#*:} exec ssh -F none "$@"\n`
      Fs.writeFileSync(Path.join(folder, "ssh"), script, { mode: 0o755 })
      const variables = { PATH: `${folder}:${process.env.PATH}` }
      const asked = Effect.promise(() => eventually("ssh", () => Fs.existsSync(`${folder}/asked`)))
      for (const end of ["interrupt", "timeout"] as const) {
        Fs.rmSync(`${folder}/asked`, { force: true })
        const { resolve } = yield* Effect.provide(SshConfig, layerOf({ variables }))
        const first = yield* Effect.fork(Effect.flip(resolve("la", { host: "la" })))
        yield* asked
        const other = yield* Effect.fork(resolve("ams", { host: "ams" }))
        if (end === "interrupt") yield* Fiber.interrupt(first)
        else {
          yield* TestClock.adjust("10 seconds")
          assert.deepInclude(yield* Fiber.join(first), { server: "la", reason: "timeout" })
        }
        assert.strictEqual((yield* Fiber.join(other)).hostname, "ams")
        assert.strictEqual((yield* resolve("la", { host: "la" })).hostname, "la")
      }
    })
  )

  it.scopedLive("reports settings that only ssh itself supports", () =>
    Effect.gen(function* () {
      const settings = yield* resolve(
        "Host *\nProxyCommand nc %h %p\nCertificateFile ~/c-cert.pub\nRevokedHostKeys /revoked\n",
        { host: "la" }
      )
      assert.deepStrictEqual(
        [...settings.onlyOpenSsh],
        ["ProxyCommand", "CertificateFile", "RevokedHostKeys"]
      )
    })
  )

  it.scopedLive.each([
    ["a host that could be an option", "Host la\nHostName -oProxyCommand=id\n"],
    ["a jump host that could be one", "Host la\nProxyJump -oProxyCommand=id\n"],
    ["a setting that ssh does not know", "Host la\nColour blue\n"],
    ["a variable that is not set", `IdentityAgent \${TAKO_NO_SUCH_VARIABLE}\n`]
  ] as const)("is refused with %s", ([_, config]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(resolve(config, { host: "la" }))
      assert.deepInclude(error, { _tag: "ServerUnreachable", stage: "resolve" })
      // ssh ends lines with CR LF here.
      assert.notMatch(error.message, /[\r\ufffd]/)
    })
  )

  it.scopedLive("may say that new host keys are not kept", () =>
    Effect.gen(function* () {
      for (const file of ["none", "/dev/null"]) {
        const { identity } = yield* resolve(`UserKnownHostsFile ${file}\n`, { host: "la" })
        assert.isTrue(isForgotten(identity), file)
      }
      assert.isFalse(isForgotten((yield* resolve("", { host: "la" })).identity))
    })
  )

  it.scopedLive("needs an ssh, and says so if there is none", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(resolve("", { host: "la" }, { PATH: "/nonexistent" }))
      assert.include(error.message, "there is no ssh on this machine")
    })
  )
})
