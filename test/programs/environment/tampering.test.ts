import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { print } from "../../../src/domain/secrets-file/print.ts"
import { openEnvironment } from "../../../src/programs/environment/open.ts"
import { get } from "../../../src/programs/secrets/get.ts"
import { verify } from "../../../src/programs/secrets/verify.ts"
import { machine } from "../../support/machine.ts"
import { blobOf, environment, place, put, sealFor, tamper, withFlippedBit } from "../../support/project-of.ts"

const variables = { TAKO_PASSPHRASE: "octopus" }

/** Two environments with two values each, under one passphrase. */
const project = Effect.gen(function* () {
  const { run: runIn, file, cache } = yield* machine
  const run: typeof runIn = (command, situation = { variables }) => runIn(command, situation)
  yield* run(put("production", "DATABASE_URL", "postgres://production"))
  yield* run(put("production", "STRIPE_KEY", "sk_live"))
  yield* run(put("staging", "DATABASE_URL", "postgres://staging"))
  yield* run(put("staging", "STRIPE_KEY", "sk_test"))
  return { run, file, cache }
})

/** Checks that every use of production fails with this error, and that nothing is written. */
const everythingRefuses = ({ run, file }: Effect.Effect.Success<typeof project>, tag: string) =>
  Effect.gen(function* () {
    const before = print(yield* file.read)
    for (const command of [
      Effect.asVoid(openEnvironment(environment("production"))),
      Effect.asVoid(get(place("production", "DATABASE_URL"))),
      Effect.asVoid(put("production", "NEW", "value"))
    ]) {
      const error = yield* Effect.flip(run(command))
      assert.strictEqual(error._tag, tag)
      for (const value of ["postgres://", "sk_live", "sk_test"]) assert.notInclude(error.message, value)
    }
    assert.strictEqual(print(yield* file.read), before)
    yield* run(Effect.asVoid(openEnvironment(environment("staging"))))
  })

describe("a value that somebody moved in the file is refused:", () => {
  it.scoped("two swapped", () =>
    Effect.gen(function* () {
      const it = yield* project
      const environments = yield* it.file.read
      yield* it.run(
        tamper("production", "DATABASE_URL", () => blobOf(environments, "production", "STRIPE_KEY"))
      )
      yield* it.run(
        tamper("production", "STRIPE_KEY", () => blobOf(environments, "production", "DATABASE_URL"))
      )
      yield* everythingRefuses(it, "SecretMisplaced")
      const verdict = (yield* it.run(verify([environment("production")], { ask: false }))).get(
        environment("production")
      )
      assert.deepStrictEqual(verdict?._tag === "Opened" ? [...verdict.placements.values()] : [], [
        { _tag: "Moved", origin: place("production", "STRIPE_KEY") },
        { _tag: "Moved", origin: place("production", "DATABASE_URL") }
      ])
    })
  )

  it.scoped("one copied to another name of its environment", () =>
    Effect.gen(function* () {
      const it = yield* project
      yield* it.run(
        tamper("production", "COPY", (environments) => blobOf(environments, "production", "STRIPE_KEY"))
      )
      const error = yield* Effect.flip(it.run(get(place("production", "DATABASE_URL"))))
      assert.strictEqual(error._tag, "SecretMisplaced")
      assert.include(
        error.message,
        "COPY in environment production holds a value that was sealed for STRIPE_KEY"
      )
      yield* everythingRefuses(it, "SecretMisplaced")
    })
  )

  it.scoped("one copied from another environment whose key is available", () =>
    Effect.gen(function* () {
      const it = yield* project
      yield* it.run(
        tamper("production", "DATABASE_URL", (environments) =>
          blobOf(environments, "staging", "DATABASE_URL")
        )
      )
      const error = yield* Effect.flip(it.run(openEnvironment(environment("production"))))
      assert.include(error.message, "sealed for DATABASE_URL in environment staging")
      yield* everythingRefuses(it, "SecretMisplaced")
    })
  )

  it.scoped("one whose old name is gone: of unknown origin", () =>
    Effect.gen(function* () {
      const it = yield* project
      const environments = yield* it.file.read
      const sealed = yield* it.run(
        sealFor(environments, "production", "octopus", "v", place("production", "GONE"))
      )
      yield* it.run(tamper("production", "DATABASE_URL", () => sealed))
      const error = yield* Effect.flip(it.run(openEnvironment(environment("production"))))
      assert.include(error.message, "tako secrets adopt DATABASE_URL --env production")
      yield* everythingRefuses(it, "SecretMisplaced")
    })
  )
})

describe("a value that does not open is refused:", () => {
  it.scoped("a flipped bit", () =>
    Effect.gen(function* () {
      const it = yield* project
      yield* it.run(
        tamper("production", "DATABASE_URL", (environments) =>
          withFlippedBit(blobOf(environments, "production", "DATABASE_URL"))
        )
      )
      yield* everythingRefuses(it, "SecretsDamaged")
    })
  )

  it.scoped(
    "half of them sealed with another passphrase: the readable ones are counted, and none is released",
    () =>
      Effect.gen(function* () {
        const it = yield* project
        const environments = yield* it.file.read
        const sealed = yield* it.run(sealFor(environments, "production", "squid", "theirs"))
        yield* it.run(tamper("production", "STRIPE_KEY", () => sealed))
        yield* everythingRefuses(it, "SecretsDamaged")
        const error = yield* Effect.flip(it.run(openEnvironment(environment("production"))))
        assert.include(
          error.message,
          "STRIPE_KEY in environment production: damaged, or sealed with another passphrase"
        )
        assert.include(error.message, "opens the other 1")
      })
  )

  it.scoped("all of them: the values are at fault, not the key that this machine has pinned", () =>
    Effect.gen(function* () {
      const it = yield* project
      const production = environment("production")
      const verdict = Effect.map(verify([production], { ask: false }), (all) => all.get(production))
      for (const name of ["DATABASE_URL", "STRIPE_KEY"]) {
        yield* it.run(
          tamper("production", name, (environments) =>
            withFlippedBit(blobOf(environments, "production", name))
          )
        )
      }
      const damaged = yield* it.run(verdict, {})
      assert.strictEqual(damaged?._tag, "Opened")
      assert.deepStrictEqual(damaged?._tag === "Opened" ? [...damaged.placements.values()] : [], [
        { _tag: "Damaged" },
        { _tag: "Damaged" }
      ])
      // Without a known key, damage and a wrong passphrase look the same.
      const other = yield* machine
      const elsewhere = yield* other.run(verdict, { variables, file: it.file })
      assert.strictEqual(elsewhere?._tag, "NoKey")
    })
  )

  it.scoped("but it can be replaced or removed", () =>
    Effect.gen(function* () {
      const it = yield* project
      yield* it.run(
        tamper("production", "DATABASE_URL", (environments) =>
          withFlippedBit(blobOf(environments, "production", "DATABASE_URL"))
        )
      )
      yield* it.run(put("production", "DATABASE_URL", "postgres://again"))
      const values = yield* it.run(openEnvironment(environment("production")))
      assert.deepStrictEqual([...values.values()].map(Redacted.value), ["postgres://again", "sk_live"])
    })
  )
})

it.scoped("another project's environment, pasted over ours, is not opened with that project's key", () =>
  Effect.gen(function* () {
    const theirs = yield* machine
    const ours = yield* project
    yield* ours.run(put("production", "THEIRS", "their secret"), {
      variables,
      project: "/theirs",
      file: theirs.file
    })
    const { file } = ours
    const pasted = (yield* theirs.file.read).get(environment("production")) ?? assert.fail()
    yield* ours.run(
      file.update((environments) =>
        Effect.succeed(new Map(environments).set(environment("production"), pasted))
      )
    )
    const replaced = yield* Effect.flip(ours.run(openEnvironment(environment("production")), {}))
    assert.strictEqual(replaced._tag, "EnvironmentReplaced")
    yield* ours.run(
      file.update((environments) =>
        Effect.succeed(new Map([...environments, [environment("production"), pasted]]))
      )
    )
    const elsewhere = yield* Effect.flip(
      ours.run(openEnvironment(environment("production")), { project: "/third" })
    )
    assert.strictEqual(elsewhere._tag, "KeyNotTrusted")
  })
)
