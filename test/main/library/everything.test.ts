import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { first } from "../../../src/domain/app/release.ts"
import { error, ok } from "../../../src/domain/protocol/replies.ts"
import { Names, Programs } from "../../../src/main/library/index.ts"
import * as Tags from "../../../src/main/library/tags.ts"
import * as Testing from "../../../src/main/library/testing.ts"
import type { Handler } from "../../../src/services/management/management.ts"

const environment = Names.EnvironmentName("production")
const place = { environment, secret: Names.SecretName("API_KEY") }
const set = Programs.set(place, Effect.succeed(Redacted.make("a value")), { allowEmpty: false })

const withPassphrase = Effect.withConfigProvider(
  ConfigProvider.fromMap(new Map([["TAKO_PASSPHRASE", "a passphrase of these tests"]]))
)

/** A server that accepts secrets and keeps them in memory. */
const server = () => {
  const received = new Map<string, string>()
  const handler: Handler = (request) => {
    switch (request.command) {
      case "hello":
        return Effect.succeed(ok<"hello">({ protocol_version: 0, server_version: "1", capabilities: [] }))
      case "secrets_state":
        return Effect.succeed(
          ok<"secrets_state">({
            app: request.app,
            names: [],
            revision: null,
            proven: false,
            key_id: null,
            updated_at: null,
            by: null
          })
        )
      case "update_secrets":
        for (const [name, value] of request.secrets) received.set(name, Redacted.value(value))
        return Effect.succeed(
          ok<"update_secrets">({
            status: "updated",
            app: request.app,
            restarted: false,
            revision: first,
            added: [...request.secrets.keys()],
            changed: [],
            removed: [],
            instances: 0
          })
        )
      default:
        return Effect.succeed(error("not here"))
    }
  }
  return { handler, received }
}

describe("everything in memory", () => {
  it.scoped("has every Tag", () =>
    Effect.map(Layer.build(Testing.everything()), (context) => {
      for (const [name, tag] of Object.entries(Tags)) assert.isTrue(context.unsafeMap.has(tag.key), name)
    })
  )

  it.live("sets a secret, gets it, and runs a program with it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* set, { outcome: "set", created: true })
      assert.strictEqual(Redacted.value(yield* Programs.get(place)), "a value")
      const program = { command: ["node", "server.js"], environment: {} } as const
      const running = yield* Effect.fork(
        Programs.run(environment, program, { asEnvironmentVariables: false })
      )
      const started = yield* Testing.StartedProcesses
      const [process] = yield* Effect.repeat(Effect.delay(started, 1), {
        until: (all) => all.length > 0
      })
      const given = process?.spec.secrets.get(place.secret)
      assert.strictEqual(given && Redacted.value(given), "a value")
      yield* process?.end({ _tag: "Exited", code: 3 }) ?? Effect.void
      assert.deepStrictEqual(yield* running, { _tag: "Exited", code: 3 })
    }).pipe(Effect.provide(Testing.everything()), withPassphrase)
  )

  it.live("syncs to a handler in place of a server", () => {
    const { handler, received } = server()
    const target = {
      _tag: "Ssh" as const,
      name: "la",
      socket: "/run/tako/tako.sock",
      ssh: { host: "la.example" }
    }
    return Effect.gen(function* () {
      yield* set
      const parcels = yield* Programs.openParcels("shop", [environment])
      const results = yield* Programs.sync(
        parcels.map((parcel) => ({ parcel, target })),
        { dryRun: false, agreed: "all" },
        { onStage: () => Effect.void, onResult: () => Effect.void, consent: () => Effect.succeed(true) }
      )
      assert.deepStrictEqual(
        results.map(({ outcome }) => Either.isRight(outcome)),
        [true]
      )
      assert.deepStrictEqual([...received], [["API_KEY", "a value"]])
    }).pipe(
      Effect.provide(Testing.everything({ servers: [target], handlers: new Map([["la", handler]]) })),
      withPassphrase
    )
  })
})
