import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { print } from "../../../src/domain/secrets-file/print.ts"
import { rotate } from "../../../src/programs/key/rotate.ts"
import { adopt } from "../../../src/programs/secrets/adopt.ts"
import { get } from "../../../src/programs/secrets/get.ts"
import { ls } from "../../../src/programs/secrets/ls.ts"
import { environmentsWithSecret, rm } from "../../../src/programs/secrets/rm.ts"
import { set } from "../../../src/programs/secrets/set.ts"
import { keyIdOf } from "../../../src/services/cipher/layer.ts"
import { machine } from "../../support/machine.ts"
import { blobOf, environment, place, put, sealFor, secret, tamper } from "../../support/project-of.ts"

const variables = { TAKO_PASSPHRASE: "octopus" }

describe("set", () => {
  it.scoped("creates the environment with its first secret, and get returns the value", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      assert.deepStrictEqual(yield* run(put("production", "A", "päss\n"), { variables }), {
        outcome: "set",
        created: true
      })
      assert.strictEqual(Redacted.value(yield* run(get(place("production", "A")))), "päss\n")
    })
  )

  it.scoped("leaves an unchanged value as it is, to the byte, and reports a new one as updated", () =>
    Effect.gen(function* () {
      const { run, file } = yield* machine
      yield* run(put("production", "A", "one"), { variables })
      const before = print(yield* file.read)
      assert.strictEqual((yield* run(put("production", "A", "one"))).outcome, "unchanged")
      assert.strictEqual(print(yield* file.read), before)
      assert.strictEqual((yield* run(put("production", "A", "two"))).outcome, "updated")
    })
  )

  it.scoped("asks for the value only after a fitting key is found", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      yield* run(put("production", "A", "one"), { variables })
      let asked = false
      const value = Effect.sync(() => {
        asked = true
        return Redacted.make("v")
      })
      const wrong = { TAKO_PASSPHRASE: "squid" }
      const command = set(place("production", "B"), value, { allowEmpty: false })
      const error = yield* Effect.flip(run(command, { variables: wrong, project: "/elsewhere" }))
      assert.strictEqual(error._tag, "KeyNotTrusted")
      assert.isFalse(asked)
    })
  )

  it.scoped("stops if the environment got another salt while the value was typed", () =>
    Effect.gen(function* () {
      const { run, file } = yield* machine
      yield* run(put("production", "A", "one"), { variables })
      const rotated = run(
        rotate(environment("production"), "same", () => Effect.void),
        { variables }
      )
      const value = Effect.as(rotated, Redacted.make("v"))
      const command = set(place("production", "B"), value, { allowEmpty: false })
      const error = yield* Effect.flip(run(command))
      assert.strictEqual(error._tag, "SecretsFileChanged")
      assert.isFalse((yield* file.read).get(environment("production"))?.secrets.has(secret("B")))
    })
  )

  it.scoped("stops if somebody else created the environment in the meantime", () =>
    Effect.gen(function* () {
      const { run, file, cache } = yield* machine
      const value = Effect.as(run(put("production", "A", "theirs"), { variables }), Redacted.make("v"))
      const command = set(place("production", "B"), value, { allowEmpty: false })
      const error = yield* Effect.flip(run(command, { answers: ["squid squid", "squid squid"] }))
      assert.strictEqual(error._tag, "SecretsFileChanged")
      const salt = (yield* file.read).get(environment("production"))?.salt ?? assert.fail()
      assert.isTrue(Option.isSome(yield* cache.find(keyIdOf(salt))))
    })
  )

  for (const [value, reason] of [
    ["", "empty"],
    ["\ud800", "lone-surrogate"],
    ["x".repeat(1024 * 1024 + 1), "too-large"]
  ] as const) {
    it.scoped(`refuses a value that is ${reason}, and writes nothing`, () =>
      Effect.gen(function* () {
        const { run, file } = yield* machine
        const command = set(place("production", "A"), Effect.succeed(Redacted.make(value)), {
          allowEmpty: false
        })
        const error = yield* Effect.flip(run(command, { variables }))
        assert.strictEqual(error._tag, "ValueRefused")
        assert.strictEqual((error as { reason?: string }).reason, reason)
        assert.strictEqual((yield* file.read).size, 0)
      })
    )
  }
})

describe("rm", () => {
  it.scoped("needs no key, and keeps the environment and its salt", () =>
    Effect.gen(function* () {
      const { run, file } = yield* machine
      yield* run(put("production", "A", "one"), { variables })
      const salt = (yield* file.read).get(environment("production"))?.salt
      yield* run(rm(secret("A"), [environment("production")]), { project: "/nobody" })
      const after = (yield* file.read).get(environment("production"))
      assert.deepStrictEqual([after?.salt, after?.secrets.size], [salt, 0])
      yield* run(put("production", "A", "again"))
    })
  )

  it.scoped("finds the environments, and suggests a name", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      yield* run(put("production", "DATABASE_URL", "v"), { variables })
      yield* run(put("staging", "DATABASE_URL", "v"), { variables })
      assert.deepStrictEqual(yield* run(environmentsWithSecret(secret("DATABASE_URL"), "everywhere")), [
        environment("production"),
        environment("staging")
      ])
      const error = yield* Effect.flip(
        run(environmentsWithSecret(secret("DATABASE_URI"), environment("staging")))
      )
      assert.include(error.message, "Did you mean DATABASE_URL?")
      const missing = yield* Effect.flip(run(environmentsWithSecret(secret("A"), environment("stagin"))))
      assert.include(missing.message, "Did you mean staging?")
    })
  )
})

describe("ls", () => {
  it.scoped("reports what production has as missing, except in development", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      yield* run(put("production", "A", "v"), { variables })
      yield* run(put("staging", "B", "v"), { variables })
      yield* run(put("development", "B", "v"), { variables })
      const { secrets } = yield* run(ls(), { project: "/nobody" })
      assert.deepStrictEqual(
        secrets.map(({ name, presence }) => [name, ...presence.values()] as ReadonlyArray<string>),
        [
          ["A", "absent", "set", "missing"],
          ["B", "set", "absent", "set"]
        ]
      )
    })
  )
})

describe("adopt", () => {
  const foreign = Effect.gen(function* () {
    const made = yield* machine
    yield* made.run(put("production", "A", "ours"), { variables })
    const environments = yield* made.file.read
    const sealed = yield* made.run(sealFor(environments, "production", "octopus", "theirs"))
    yield* made.run(tamper("production", "B", () => sealed))
    return { ...made, sealed }
  })

  it.scoped("binds a value of unknown origin if the person who saw its commit agrees", () =>
    Effect.gen(function* () {
      const { run, sealed, file } = yield* foreign
      const commit = { hash: "c0ffee", author: "Ada", date: "2026-01-02T03:04:05Z", subject: "Add B" }
      const commits = [{ path: file.path, texts: [sealed], commit }]
      let seen = {}
      yield* run(
        adopt(place("production", "B"), (shown) => {
          seen = Option.getOrThrow(shown)
          return Effect.succeed(true)
        }),
        { commits }
      )
      assert.deepStrictEqual(seen, commit)
      assert.strictEqual(Redacted.value(yield* run(get(place("production", "B")))), "theirs")
    })
  )

  it.scoped("changes nothing otherwise, and refuses values that were moved or are bound already", () =>
    Effect.gen(function* () {
      const { run, file } = yield* foreign
      const before = print(yield* file.read)
      const adopted = (name: string, agrees: boolean) =>
        Effect.map(
          Effect.flip(run(adopt(place("production", name), () => Effect.succeed(agrees)))),
          ({ _tag }) => _tag
        )
      assert.strictEqual(yield* adopted("B", false), "Declined")
      assert.strictEqual(yield* adopted("A", true), "AdoptionRefused")
      assert.strictEqual(print(yield* file.read), before)
      yield* run(tamper("production", "C", (environments) => blobOf(environments, "production", "A")))
      assert.strictEqual(yield* adopted("C", true), "SecretMisplaced")
      assert.strictEqual(yield* adopted("B", true), "SecretMisplaced")
    })
  )
})
