import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Key from "../../../src/domain/key.ts"
import * as Pins from "../../../src/domain/pins.ts"
import * as Salt from "../../../src/domain/salt.ts"
import { create, type Environment, withSecret } from "../../../src/domain/secrets-file/environments.ts"
import { Cipher } from "../../../src/services/cipher/cipher.ts"
import { keyIdOf } from "../../../src/services/cipher/layer.ts"
import { KeyDerivation } from "../../../src/services/key-derivation/key-derivation.ts"
import { KeySource } from "../../../src/services/key-source/key-source.ts"
import { machine, type Situation } from "../../support/machine.ts"
import { environment as nameOf, place } from "../../support/project-of.ts"

const production = nameOf("production")
const other = "0123456789abcdef" as Key.KeyId
const unmarkedSalt = Salt.fromBytes(new Uint8Array(16).fill(5))

/** An environment of one value, and its key. */
const environmentWith = (marked: boolean) =>
  Effect.gen(function* () {
    const cipher = yield* Cipher
    const derivation = yield* KeyDerivation
    const empty = create(marked ? yield* cipher.newSalt : unmarkedSalt)
    const key = yield* derivation.derive(Redacted.make("octopus"), empty.salt)
    const at = place("production", "A")
    const sealed = yield* cipher.seal(key, at, Redacted.make("v"))
    return { environment: withSecret(empty, at.secret, sealed), key }
  })

const sources = ["TAKO_KEY", "TAKO_PASSPHRASE", "cache", "prompt"] as const
type Source = (typeof sources)[number]

/** The pin of the environment: of its salt or of another, as one that binds or as one that somebody agreed to. */
const pinnings = ["none", "same", "same, agreed", "other", "other, agreed"] as const
type Pinning = (typeof pinnings)[number]

/** What --allow-unbound names. */
const allowances = ["nothing", "this key", "this key among others", "another key", "no key"] as const
type Allowance = (typeof allowances)[number]

type Use = (
  keys: KeySource["Type"],
  environment: Environment
) => Effect.Effect<unknown, { readonly _tag: string }>

/** What comes of an environment whose key this source has: "opened" or an error's tag. */
const outcome = (
  use: Use,
  at: {
    readonly source: Source
    readonly pinning?: Pinning
    readonly marked?: boolean
    readonly allowance?: Allowance
  }
) =>
  Effect.gen(function* () {
    const { source, pinning = "none", marked = true, allowance = "nothing" } = at
    const { run, cache, pins } = yield* machine
    const { environment, key } = yield* run(environmentWith(marked))
    const id = keyIdOf(environment.salt)
    if (pinning !== "none") {
      const pin = { id: pinning.startsWith("same") ? id : other, unbound: pinning.endsWith("agreed") }
      yield* Ref.update(pins, (all) => Pins.pin(all, "/project", production, [pin]))
    }
    if (source === "cache") yield* cache.keep(id, key)
    const situation: Situation = {
      cache: { answers: ["y"] },
      prompt: { answers: ["octopus"] },
      TAKO_KEY: { variables: { TAKO_KEY: Redacted.value(Key.toBase64(key)) } },
      TAKO_PASSPHRASE: { variables: { TAKO_PASSPHRASE: "octopus" } }
    }[source]
    const allowed = {
      nothing: undefined,
      "this key": id,
      "this key among others": `${other}, ${id}`,
      "another key": other,
      "no key": "yes"
    }[allowance]
    const variables = {
      ...situation.variables,
      ...(allowed !== undefined && { TAKO_ALLOW_UNBOUND: allowed })
    }
    return yield* run(
      Effect.flatMap(KeySource, (keys) => use(keys, environment)).pipe(
        Effect.as("opened"),
        Effect.catchAll(({ _tag }) => Effect.succeed(_tag))
      ),
      { ...situation, variables }
    )
  })

const unlock: Use = (keys, environment) => Effect.scoped(keys.unlock(production, environment, { ask: true }))

describe("which environment may be used", () => {
  /** By pin: with a marked salt; with an unmarked one; and with an unmarked one that --allow-unbound names. */
  const table: Readonly<Record<Pinning, readonly [marked: string, unmarked: string, allowed: string]>> = {
    none: ["opened", "EnvironmentUnbound", "opened"],
    same: ["opened", "EnvironmentUnbound", "EnvironmentUnbound"],
    "same, agreed": ["opened", "opened", "opened"],
    other: ["EnvironmentReplaced", "EnvironmentReplaced", "EnvironmentReplaced"],
    "other, agreed": ["EnvironmentReplaced", "EnvironmentReplaced", "EnvironmentReplaced"]
  }
  for (const source of sources) {
    it.scoped(`is decided by pin, salt and agreement, and not by what ${source} opens`, () =>
      Effect.gen(function* () {
        for (const pinning of pinnings) {
          const [whenMarked, whenUnmarked, whenAllowed] = table[pinning]
          for (const allowance of allowances) {
            const row = `${source}, pinned: ${pinning}, allowed: ${allowance}`
            const isAllowed = allowance.startsWith("this key")
            const marked = yield* outcome(unlock, { source, pinning, marked: true, allowance })
            assert.strictEqual(marked, whenMarked, `${row}, marked`)
            const unmarked = yield* outcome(unlock, { source, pinning, marked: false, allowance })
            assert.strictEqual(unmarked, isAllowed ? whenAllowed : whenUnmarked, `${row}, unmarked`)
          }
        }
      })
    )
  }
})

describe("what makes another salt the trusted one", () => {
  for (const source of sources) {
    it.scoped(`is joining, and not a rotation, with ${source}`, () =>
      Effect.gen(function* () {
        for (const pinning of pinnings) {
          const isOther = pinning.startsWith("other")
          for (const marked of [true, false]) {
            const rebind: Use = (keys, environment) =>
              Effect.scoped(keys.unlock(production, environment, { ask: true, purpose: "rebind" }))
            const refused = isOther ? "EnvironmentReplaced" : "opened"
            assert.strictEqual(yield* outcome(rebind, { source, pinning, marked }), refused)
            if (source === "cache" || source === "TAKO_KEY") continue
            for (const purpose of ["rebind", "join"] as const) {
              const find: Use = (keys, environment) =>
                Effect.scoped(keys.passphrase(production, environment, purpose))
              const wanted = purpose === "join" ? "opened" : refused
              assert.strictEqual(yield* outcome(find, { source, pinning, marked }), wanted)
            }
          }
        }
      })
    )
  }

  it.scoped("is not a first value", () =>
    Effect.gen(function* () {
      const establish: Use = (keys, { salt }) =>
        Effect.scoped(keys.establish(production, salt, { isNew: false }))
      const join: Use = (keys, { salt }) =>
        Effect.scoped(keys.establish(production, salt, { isNew: false, purpose: "join" }))
      const source = "TAKO_PASSPHRASE"
      for (const [use, pinning, marked, wanted] of [
        [establish, "other", true, "EnvironmentReplaced"],
        [establish, "same", true, "opened"],
        [establish, "none", false, "EnvironmentUnbound"],
        [establish, "same, agreed", false, "opened"],
        [join, "other", true, "opened"],
        [join, "other", false, "opened"]
      ] as const) {
        assert.strictEqual(yield* outcome(use, { source, pinning, marked }), wanted, `${pinning}, ${marked}`)
      }
    })
  )

  it.scoped("is not to open values in order to bind them: that neither caches nor pins an unmarked one", () =>
    Effect.gen(function* () {
      const { run, cache, pins } = yield* machine
      const { environment } = yield* run(environmentWith(false))
      const rebind = Effect.flatMap(KeySource, (keys) =>
        Effect.scoped(keys.unlock(production, environment, { ask: true, purpose: "rebind" }))
      )
      yield* run(rebind, { answers: ["octopus"] })
      assert.isTrue(Option.isNone(yield* cache.find(keyIdOf(environment.salt))))
      assert.strictEqual((yield* Ref.get(pins)).size, 0)
    })
  )
})

describe("what is remembered", () => {
  it.scoped("is nothing of a refused environment", () =>
    Effect.gen(function* () {
      const { run, cache, pins } = yield* machine
      const { environment } = yield* run(environmentWith(true))
      const before = Pins.pin(Pins.empty, "/project", production, [Pins.bound(other)])
      yield* Ref.set(pins, before)
      const refused = Effect.flatMap(KeySource, (keys) => unlock(keys, environment))
      yield* Effect.flip(run(refused, { answers: ["octopus"] }))
      assert.isTrue(Option.isNone(yield* cache.find(keyIdOf(environment.salt))))
      assert.strictEqual(yield* Ref.get(pins), before)
    })
  )

  it.scoped("is only the last of several keys, once the file has that one", () =>
    Effect.gen(function* () {
      const { run, pins } = yield* machine
      const old = yield* run(environmentWith(false))
      const { environment } = yield* run(environmentWith(true))
      const agreed = { id: keyIdOf(unmarkedSalt), unbound: true }
      const last = Pins.bound(keyIdOf(environment.salt))
      yield* Ref.set(pins, Pins.pin(Pins.empty, "/project", production, [agreed, last]))
      const variables = { TAKO_PASSPHRASE: "octopus" }
      const open = (one: Environment) =>
        run(
          Effect.flatMap(KeySource, (keys) => unlock(keys, one)),
          { variables }
        )
      yield* open(old.environment)
      yield* open(environment)
      assert.deepStrictEqual([...Pins.of(yield* Ref.get(pins), "/project", production)], [last])
      const refused = yield* Effect.flip(open(old.environment))
      assert.deepInclude(refused, { _tag: "EnvironmentReplaced" })
    })
  )
})
