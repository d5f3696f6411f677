import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Destination } from "../../../src/domain/server-registry/destination.ts"
import type { SshSettings } from "../../../src/domain/ssh/ssh-settings.ts"
import { layerMemory } from "../../../src/services/ssh-config/layer-memory.ts"
import { SshConfig } from "../../../src/services/ssh-config/ssh-config.ts"
import { routeTo } from "../../../src/services/transport/route.ts"
import { offerOf } from "../../../src/services/transport/ssh2/algorithms.ts"
import { settingsOf } from "./ssh/hostile-ssh.ts"

const via = (hostname: string, ...jumps: ReadonlyArray<string>): readonly [string, SshSettings] => [
  hostname,
  { ...settingsOf(22, "/id"), hostname, jumps: jumps.map((host): Destination => ({ host })) }
]

const hosts = new Map([
  via("la"),
  via("ams", "la"),
  via("fra", "ams"),
  via("far", "fra", "ams", "sin"),
  via("sin", "la"),
  via("loop", "loop")
])

const route = (host: string) =>
  Effect.flatMap(SshConfig, (config) => routeTo(config, "server", { host })).pipe(
    Effect.map((route) => route.map(({ hostname }) => hostname)),
    Effect.provide(layerMemory(hosts))
  )

describe("the route to a host", () => {
  it.effect.each([
    ["la", ["la"]],
    ["ams", ["la", "ams"]],
    ["fra", ["la", "ams", "fra"]],
    // With several jump hosts, only the first uses its own configuration; each other is reached from the one before.
    ["far", ["la", "ams", "fra", "ams", "sin", "far"]]
  ] as const)("%s goes over its jump hosts, as ssh goes", ([host, expected]) =>
    Effect.map(route(host), (found) => assert.deepStrictEqual(found, [...expected]))
  )

  it.effect("that leads to itself is refused", () =>
    Effect.map(Effect.flip(route("loop")), (error) => {
      assert.deepInclude(error, { _tag: "ServerUnreachable", stage: "resolve" })
      assert.include(error.message, "ProxyJump")
    })
  )
})

describe("the algorithms that a host is offered", () => {
  const none = { hostKey: [], kex: [], cipher: [], mac: [] }

  it("start with the types of its known keys", () => {
    const offer = offerOf({ algorithms: none }, ["ssh-rsa", "ecdsa-sha2-nistp256"])
    assert.deepStrictEqual(offer?.serverHostKey.slice(0, 3), [
      "ecdsa-sha2-nistp256",
      "rsa-sha2-512",
      "rsa-sha2-256"
    ])
  })

  it("include none that the configuration forbids, and never SHA-1 signatures or CBC", () => {
    const allowed = {
      hostKey: ["ssh-rsa", "ssh-ed25519"],
      kex: ["curve25519-sha256", "diffie-hellman-group1-sha1"],
      cipher: ["aes256-cbc", "aes256-gcm@openssh.com"],
      mac: ["hmac-md5", "hmac-sha2-256"]
    }
    assert.deepStrictEqual(offerOf({ algorithms: allowed }, []), {
      serverHostKey: ["ssh-ed25519"],
      kex: ["curve25519-sha256"],
      cipher: ["aes256-gcm@openssh.com"],
      hmac: ["hmac-sha2-256"]
    })
  })

  it("are undefined if ssh2 supports none of what is allowed", () => {
    assert.isUndefined(offerOf({ algorithms: { ...none, kex: ["sntrup761x25519-sha512@openssh.com"] } }, []))
  })
})
