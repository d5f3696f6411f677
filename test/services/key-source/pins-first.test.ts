import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { Purpose } from "../../../src/domain/admission.ts"
import * as Key from "../../../src/domain/key.ts"
import * as Pins from "../../../src/domain/pins.ts"
import { create, withSecret } from "../../../src/domain/secrets-file/environments.ts"
import { Cipher } from "../../../src/services/cipher/cipher.ts"
import { keyIdOf } from "../../../src/services/cipher/layer.ts"
import { KeyDerivation } from "../../../src/services/key-derivation/key-derivation.ts"
import { KeySource } from "../../../src/services/key-source/key-source.ts"
import { machine, type Situation } from "../../support/machine.ts"
import { environment as nameOf, place } from "../../support/project-of.ts"

const production = nameOf("production")

/** An environment of one value, its key, and a machine that knows neither. */
const stranger = Effect.gen(function* () {
  const made = yield* machine
  const { environment, key } = yield* made.run(
    Effect.gen(function* () {
      const cipher = yield* Cipher
      const derivation = yield* KeyDerivation
      const empty = create(yield* cipher.newSalt)
      const key = yield* derivation.derive(Redacted.make("octopus"), empty.salt)
      const at = place("production", "A")
      return {
        environment: withSecret(empty, at.secret, yield* cipher.seal(key, at, Redacted.make("v"))),
        key
      }
    })
  )
  return { ...made, environment, key }
})

const sources = ["TAKO_KEY", "TAKO_PASSPHRASE", "cache", "prompt"] as const

describe("an environment that is pinned to another key", () => {
  const other = "0123456789abcdef" as Key.KeyId

  /** What comes of an environment whose key this source has, on a machine with this pin. */
  const outcome = (
    use: (
      keys: KeySource["Type"],
      environment: ReturnType<typeof create>
    ) => Effect.Effect<unknown, { readonly _tag: string }, never>,
    source: (typeof sources)[number],
    pinned: "none" | "same" | "other"
  ) =>
    Effect.gen(function* () {
      const { run, cache, pins, environment, key } = yield* stranger
      const id = keyIdOf(environment.salt)
      if (pinned !== "none") {
        yield* Ref.update(pins, (all) =>
          Pins.pin(all, "/project", production, [pinned === "same" ? id : other])
        )
      }
      if (source === "cache") yield* cache.keep(id, key)
      const situation: Situation = {
        cache: { answers: ["y"] },
        prompt: { answers: ["octopus"] },
        TAKO_KEY: { variables: { TAKO_KEY: Redacted.value(Key.toBase64(key)) } },
        TAKO_PASSPHRASE: { variables: { TAKO_PASSPHRASE: "octopus" } }
      }[source]
      return yield* run(
        Effect.flatMap(KeySource, (keys) => use(keys, environment)).pipe(
          Effect.as("opened"),
          Effect.catchAll(({ _tag }) => Effect.succeed(_tag))
        ),
        situation
      )
    })

  const unlock = (purpose: Purpose) => (keys: KeySource["Type"], environment: ReturnType<typeof create>) =>
    Effect.scoped(keys.unlock(production, environment, { ask: true, purpose }))

  for (const source of sources) {
    it.scoped(`is refused to ${source}, except to join`, () =>
      Effect.gen(function* () {
        for (const purpose of ["use", "rebind", "join"] as const) {
          for (const pinned of ["none", "same", "other"] as const) {
            const wanted = pinned === "other" && purpose !== "join" ? "EnvironmentReplaced" : "opened"
            assert.strictEqual(
              yield* outcome(unlock(purpose), source, pinned),
              wanted,
              `${purpose}, ${pinned}`
            )
          }
        }
      })
    )
  }

  for (const source of ["TAKO_PASSPHRASE", "prompt"] as const) {
    it.scoped(`is refused to the ${source} of a rotation under the same passphrase`, () =>
      Effect.gen(function* () {
        for (const purpose of ["rebind", "join"] as const) {
          const wanted = purpose === "join" ? "opened" : "EnvironmentReplaced"
          const find = (keys: KeySource["Type"], environment: ReturnType<typeof create>) =>
            Effect.scoped(keys.passphrase(production, environment, purpose))
          assert.strictEqual(yield* outcome(find, source, "other"), wanted)
          assert.strictEqual(yield* outcome(find, source, "same"), "opened")
        }
      })
    )
  }

  it.scoped("is refused to TAKO_PASSPHRASE for a first value, too", () =>
    Effect.gen(function* () {
      const establish = (keys: KeySource["Type"], { salt }: ReturnType<typeof create>) =>
        Effect.scoped(keys.establish(production, salt, { isNew: false }))
      assert.strictEqual(yield* outcome(establish, "TAKO_PASSPHRASE", "other"), "EnvironmentReplaced")
      assert.strictEqual(yield* outcome(establish, "TAKO_PASSPHRASE", "same"), "opened")
      const join = (keys: KeySource["Type"], { salt }: ReturnType<typeof create>) =>
        Effect.scoped(keys.establish(production, salt, { isNew: false, purpose: "join" }))
      assert.strictEqual(yield* outcome(join, "TAKO_PASSPHRASE", "other"), "opened")
    })
  )

  it.scoped("leaves nothing in the cache", () =>
    Effect.gen(function* () {
      const { run, cache, pins, environment } = yield* stranger
      yield* Ref.update(pins, (all) => Pins.pin(all, "/project", production, [other]))
      yield* Effect.flip(
        run(
          Effect.flatMap(KeySource, (keys) => unlock("use")(keys, environment)),
          { answers: ["octopus"] }
        )
      )
      assert.isTrue(Option.isNone(yield* cache.find(keyIdOf(environment.salt))))
    })
  )
})
