import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Key from "../../../src/domain/key.ts"
import * as Pins from "../../../src/domain/pins.ts"
import * as Salt from "../../../src/domain/salt.ts"
import { create, type Environments } from "../../../src/domain/secrets-file/environments.ts"
import { print } from "../../../src/domain/secrets-file/print.ts"
import { openEnvironment } from "../../../src/programs/environment/open.ts"
import { derive } from "../../../src/programs/key/derive.ts"
import { importKey } from "../../../src/programs/key/import.ts"
import { rotate } from "../../../src/programs/key/rotate.ts"
import { trust } from "../../../src/programs/key/trust.ts"
import { verify } from "../../../src/programs/secrets/verify.ts"
import { keyIdOf } from "../../../src/services/cipher/layer.ts"
import type { Commit } from "../../../src/services/history/history.ts"
import { KeyDerivation } from "../../../src/services/key-derivation/key-derivation.ts"
import type { Said } from "../../../src/services/terminal/layer-memory.ts"
import { machine, type Services, type Situation, secretsFile } from "../../support/machine.ts"
import { environment, put, sealFor, tamper } from "../../support/project-of.ts"

const production = environment("production")
const variables = { TAKO_PASSPHRASE: "octopus" }
const salt = Salt.fromBytes(new Uint8Array(16).fill(5))
const id = keyIdOf(salt)
const allowed = { ...variables, TAKO_ALLOW_UNBOUND: id }
const bind: Commit = {
  hash: "b1".repeat(20),
  author: "Ada",
  date: "2026-05-06T07:08:09Z",
  subject: "Bind production"
}

/** A machine, and a project whose production is as the original writes it: two values and an unmarked salt. */
const original = Effect.gen(function* () {
  const made = yield* machine
  const file = yield* secretsFile(new Map([[production, create(salt)]]))
  for (const name of ["A", "B"]) {
    const sealed = yield* made.run(sealFor(yield* file.read, "production", "octopus", name))
    yield* made.run(
      tamper("production", name, () => sealed),
      { file }
    )
  }
  const pinned = Effect.map(Ref.get(made.pins), (pins) => [...Pins.of(pins, "/project", production)])
  return { ...made, file, pinned }
})

/** The same project after production was bound. */
const bound: Effect.Effect<Environments> = Effect.scoped(
  Effect.gen(function* () {
    const { run, file } = yield* machine
    yield* run(put("production", "A", "A"), { variables })
    return yield* file.read
  })
).pipe(Effect.orDie)

const anyKey = Effect.flatMap(KeyDerivation, (derivation) =>
  derivation.derive(Redacted.make("octopus"), salt)
)
type Failure = { readonly _tag: string; readonly message: string; readonly boundIn?: unknown }
type Command = Effect.Effect<void, Failure, Services>

const rebind: Command = Effect.asVoid(rotate(production, "same", () => Effect.void))
const join: Command = Effect.asVoid(derive(production))
const bringKey: Command = Effect.asVoid(importKey(production, Effect.map(anyKey, Key.toBase64)))
/** Everything that makes a salt the trusted one. */
const trusting = { derive: join, import: bringKey, rotate: rebind } as const

describe("an environment that does not bind its values", () => {
  it.scoped("is asked about once, when it is joined", () =>
    Effect.gen(function* () {
      const { run, file, pinned } = yield* original
      const use = openEnvironment(production)
      const said = yield* Ref.make<ReadonlyArray<Said>>([])
      const refused = yield* Effect.flip(run(use, { file, answers: ["octopus"] }))
      assert.deepInclude(refused, { _tag: "EnvironmentUnbound", keyId: id, isPinned: false })
      assert.include(refused.message, "tako secrets key derive --env production")
      assert.include(refused.message, `--allow-unbound ${id} or set TAKO_ALLOW_UNBOUND=${id}`)
      const declined = yield* Effect.flip(run(join, { file, answers: ["n"], said }))
      assert.strictEqual(declined._tag, "Declined")
      assert.deepStrictEqual(
        (yield* Ref.get(said)).map(({ text }) => text),
        [
          "Environment production does not bind its values to their names: anyone who can write to the repository can swap them unnoticed.",
          "Use it as it is on this machine?"
        ]
      )
      assert.deepStrictEqual(yield* pinned, [])
      yield* run(join, { file, answers: ["y", "octopus"] })
      assert.deepStrictEqual(yield* pinned, [{ id, unbound: true }])
      assert.strictEqual((yield* run(use, { file })).size, 2)
      yield* run(join, { file, answers: ["octopus"] })
    })
  )

  it.scoped("is joined without a terminal only where TAKO_ALLOW_UNBOUND names its key", () =>
    Effect.gen(function* () {
      for (const command of [join, bringKey]) {
        const { run, file, pinned } = yield* original
        const situations: ReadonlyArray<Situation["variables"]> = [
          variables,
          { ...variables, TAKO_ALLOW_UNBOUND: "0123456789abcdef" }
        ]
        for (const variables of situations) {
          const refused = yield* Effect.flip(run(command, { file, ...(variables && { variables }) }))
          assert.strictEqual(refused._tag, "EnvironmentUnbound")
        }
        yield* run(command, { file, variables: allowed })
        assert.deepStrictEqual(yield* pinned, [{ id, unbound: true }])
      }
    })
  )

  it.scoped("needs that, too, to be trusted with another project's key", () =>
    Effect.gen(function* () {
      const { run, file } = yield* original
      yield* run(join, { file, variables: allowed })
      const elsewhere = { file, project: "/elsewhere" }
      const trusting = trust(production, () => Effect.succeed(true))
      assert.strictEqual((yield* Effect.flip(run(trusting, elsewhere)))._tag, "EnvironmentUnbound")
      assert.strictEqual(yield* run(trusting, { ...elsewhere, answers: ["y"] }), "trusted")
      assert.strictEqual((yield* run(openEnvironment(production), elsewhere)).size, 2)
    })
  )

  it.scoped("is bound without a question, and refused from then on", () =>
    Effect.gen(function* () {
      for (const pinsFirst of [true, false]) {
        const { run, file, pinned } = yield* original
        const before = yield* file.read
        if (pinsFirst) yield* run(join, { file, variables: allowed })
        yield* run(rebind, { file, variables })
        const [pin, ...others] = yield* pinned
        assert.deepStrictEqual([pin?.unbound, others], [false, []])
        const restored = yield* secretsFile(before)
        for (const variables of [{}, { TAKO_PASSPHRASE: "octopus" }, allowed]) {
          const refused = yield* Effect.flip(run(openEnvironment(production), { file: restored, variables }))
          assert.strictEqual(refused._tag, "EnvironmentReplaced")
        }
      }
    })
  )

  it.scoped("is refused by verify unless somebody agreed", () =>
    Effect.gen(function* () {
      const { run, file } = yield* original
      const verdict = (situation: Situation) =>
        Effect.map(
          run(verify([], { ask: false }), { file, ...situation }),
          (all) => all.get(production)?._tag
        )
      assert.strictEqual(yield* verdict({ variables }), "Unbound")
      assert.strictEqual(yield* verdict({ variables: allowed }), "Opened")
      yield* run(join, { file, variables: allowed })
      assert.strictEqual(yield* verdict({}), "Opened")
    })
  )
})

describe("an environment that was bound before", () => {
  for (const [name, command] of Object.entries(trusting)) {
    it.scoped(`is refused by ${name}, which shows the commit, whatever was agreed to`, () =>
      Effect.gen(function* () {
        const { run, file, pinned } = yield* original
        const versions = [
          { commit: { ...bind, hash: "00".repeat(20) }, environments: yield* file.read },
          { commit: bind, environments: yield* bound },
          { commit: { ...bind, hash: "22".repeat(20), subject: "Refactor" }, environments: yield* file.read }
        ]
        const before = print(yield* file.read)
        for (const missingHistory of [undefined, "shallow"] as const) {
          const situation = { file, versions, ...(missingHistory && { missingHistory }) }
          for (const more of [{ variables: allowed }, { answers: ["y", "octopus"] }]) {
            const refused = yield* Effect.flip(run(command, { ...situation, ...more }))
            assert.deepInclude(refused, { _tag: "EnvironmentDowngraded", boundIn: bind })
            assert.include(
              refused.message,
              "It was bound in b1b1b1b1b1b1, Ada, 2026-05-06T07:08:09Z: Bind production"
            )
            assert.include(refused.message, "git restore --source b1b1b1b1b1b1 .tako/secrets.json")
          }
        }
        assert.deepStrictEqual(yield* pinned, [])
        assert.strictEqual(print(yield* file.read), before)
      })
    )

    it.scoped(`is refused by ${name} where this machine knows it under a key that binds`, () =>
      Effect.gen(function* () {
        const { run, file, pinned } = yield* original
        yield* run(put("production", "A", "ours"), { variables })
        const before = yield* pinned
        const wanted = name === "rotate" ? "EnvironmentReplaced" : "EnvironmentDowngraded"
        for (const more of [{ variables: allowed }, { answers: ["y", "octopus"] }]) {
          const refused = yield* Effect.flip(run(command, { file, ...more }))
          assert.strictEqual(refused._tag, wanted)
        }
        assert.deepStrictEqual(yield* pinned, before)
      })
    )

    it.scoped(`may have been where history is not all there, so ${name} asks`, () =>
      Effect.gen(function* () {
        for (const missingHistory of ["shallow", "failed"] as const) {
          const { run, file } = yield* original
          const situation = { file, missingHistory }
          const refused = yield* Effect.flip(run(command, { ...situation, variables }))
          assert.strictEqual(refused._tag, "EnvironmentUnbound")
          assert.include(
            refused.message,
            missingHistory === "shallow" ? "This clone is shallow" : "git could not say"
          )
          const said = yield* Ref.make<ReadonlyArray<Said>>([])
          const declined = yield* Effect.flip(run(command, { ...situation, answers: ["n"], said }))
          assert.strictEqual(declined._tag, "Declined")
          assert.isTrue((yield* Ref.get(said)).some(({ text }) => refused.message.includes(text)))
          yield* run(command, { ...situation, variables: allowed })
        }
      })
    )
  }

  it.scoped("counts as that where the version that bound it does not parse", () =>
    Effect.gen(function* () {
      const { run, file } = yield* original
      const conflict = print(yield* bound).replace("{", "{\n<<<<<<< HEAD")
      const situation = {
        file,
        versions: [{ commit: bind, text: conflict }],
        variables: allowed
      }
      assert.strictEqual((yield* Effect.flip(run(join, situation)))._tag, "EnvironmentDowngraded")
    })
  )

  it.scoped("does not count where another environment of the file was bound", () =>
    Effect.gen(function* () {
      const { run, file } = yield* original
      const others = new Map([...(yield* bound)].map(([, one]) => [environment("staging"), one]))
      const versions = [{ commit: bind, environments: new Map([...(yield* file.read), ...others]) }]
      yield* run(join, { file, versions, variables: allowed })
    })
  )

  it.scoped("is told by verify, whether or not somebody agreed", () =>
    Effect.gen(function* () {
      const { run, file } = yield* original
      const versions = [{ commit: bind, environments: yield* bound }]
      for (const more of [variables, allowed]) {
        const all = yield* run(verify([], { ask: false }), { file, versions, variables: more })
        const verdict = Option.fromNullable(all.get(production))
        assert.deepInclude(Option.getOrThrow(verdict), { _tag: "Downgraded" })
      }
    })
  )
})
