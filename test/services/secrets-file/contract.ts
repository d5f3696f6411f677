import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Environments from "../../../src/domain/secrets-file/environments.ts"
import { print } from "../../../src/domain/secrets-file/print.ts"
import { SecretsFile } from "../../../src/services/secrets-file/secrets-file.ts"
import { nameOf, names, saltOf, sealedOf, set, setting, staging } from "./contract-values.ts"

/** What every SecretsFile does; the layer is a new and empty one for each test. */
export const contract = (
  title: string,
  fresh: <A, E>(test: Effect.Effect<A, E, SecretsFile>) => Effect.Effect<A, E, Scope.Scope>
) =>
  describe(title, () => {
    it.scopedLive("has no environments before the first write", () =>
      fresh(
        Effect.gen(function* () {
          const file = yield* SecretsFile
          assert.strictEqual((yield* file.read).size, 0)
          assert.include(file.path, "secrets.json")
        })
      )
    )

    it.scopedLive("reads what was written, and gives what it wrote", () =>
      fresh(
        Effect.gen(function* () {
          const { read } = yield* SecretsFile
          const written = yield* set("A")
          assert.strictEqual(print(yield* read), print(written))
          yield* set("B", staging, 2)
          assert.deepStrictEqual(yield* names, [nameOf("A"), nameOf("B")])
        })
      )
    )

    it.scopedLive("changes nothing when the change fails, dies or is interrupted, and goes on", () =>
      fresh(
        Effect.gen(function* () {
          const file = yield* SecretsFile
          yield* set("A")
          const refusal = yield* Effect.flip(file.update(() => Effect.fail("no" as const)))
          assert.strictEqual(refusal, "no")
          yield* Effect.exit(file.update(() => Effect.die("no")))
          yield* Effect.exit(file.update(() => Effect.interrupt))
          assert.deepStrictEqual(yield* names, [nameOf("A")])
          yield* set("B")
          assert.deepStrictEqual(yield* names, [nameOf("A"), nameOf("B")])
        })
      )
    )

    it.scopedLive("gives the change what is there now, and takes no change for one", () =>
      fresh(
        Effect.gen(function* () {
          const file = yield* SecretsFile
          yield* set("A")
          const same = yield* file.update((current) => Effect.succeed(current))
          assert.deepStrictEqual(Environments.secretNames(same), [nameOf("A")])
          const equal = yield* file.update((current) => Effect.succeed(new Map(current)))
          assert.deepStrictEqual(Environments.secretNames(equal), [nameOf("A")])
        })
      )
    )

    it.scopedLive("lets one change after the other, however many come at once", () =>
      fresh(
        Effect.gen(function* () {
          const file = yield* SecretsFile
          const wanted = Array.from({ length: 10 }, (_, i) => `A${i}`)
          yield* Effect.forEach(
            wanted,
            (name) => file.update((current) => Effect.delay(Effect.succeed(setting(name)(current)), 1)),
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual(yield* names, wanted.map(nameOf))
        })
      )
    )

    it.scopedLive("refuses to write what it would not read", () =>
      fresh(
        Effect.gen(function* () {
          yield* set("A")
          const twin = yield* Effect.flip(set("B", staging, 1))
          assert.deepInclude(twin, { _tag: "SecretsFileDamaged", reason: "salt-twice" })
          const file = yield* SecretsFile
          const large = yield* Effect.flip(
            file.update((current) =>
              Effect.succeed(
                Environments.withEnvironment(current, staging, {
                  ...Environments.create(saltOf(2)),
                  secrets: new Map(["A", "B", "C", "D"].map((name) => [nameOf(name), sealedOf(1024 * 1024)]))
                })
              )
            )
          )
          assert.deepInclude(large, { _tag: "FileFailed", operation: "write", code: "EFBIG" })
          assert.include(large.message, "larger than 4 MiB")
          assert.deepStrictEqual(yield* names, [nameOf("A")])
        })
      )
    )
  })

/** A layer that is built anew for each test. */
export const freshOf =
  (layer: Layer.Layer<SecretsFile>) =>
  <A, E>(test: Effect.Effect<A, E, SecretsFile>): Effect.Effect<A, E> =>
    Effect.provide(test, layer)
