import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Salt from "../../../src/domain/salt.ts"
import { create } from "../../../src/domain/secrets-file/environments.ts"
import { print } from "../../../src/domain/secrets-file/print.ts"
import { openEnvironment } from "../../../src/programs/environment/open.ts"
import { derive } from "../../../src/programs/key/derive.ts"
import { exportKey } from "../../../src/programs/key/export.ts"
import { forget } from "../../../src/programs/key/forget.ts"
import { importKey } from "../../../src/programs/key/import.ts"
import { rotate } from "../../../src/programs/key/rotate.ts"
import { trust } from "../../../src/programs/key/trust.ts"
import { get } from "../../../src/programs/secrets/get.ts"
import { verify } from "../../../src/programs/secrets/verify.ts"
import { Cipher } from "../../../src/services/cipher/cipher.ts"
import { keyIdOf } from "../../../src/services/cipher/layer.ts"
import type { SecretsFile } from "../../../src/services/secrets-file/secrets-file.ts"
import { machine, secretsFile } from "../../support/machine.ts"
import { blobOf, environment, place, put, sealFor, tamper, withFlippedBit } from "../../support/project-of.ts"

const variables = { TAKO_PASSPHRASE: "octopus" }
const production = environment("production")

const project = Effect.gen(function* () {
  const made = yield* machine
  yield* made.run(put("production", "A", "one"), { variables })
  yield* made.run(put("production", "B", "two"), { variables })
  return made
})

describe("derive", () => {
  it.scoped("joins: asks once, opens everything, and the key is used from then on", () =>
    Effect.gen(function* () {
      const { file } = yield* project
      const { run } = yield* machine
      const kept = yield* run(derive(production), { file, answers: ["octopus"] })
      assert.deepInclude(kept, { created: false, opened: 2, unopened: [] })
      assert.strictEqual((yield* run(openEnvironment(production), { file })).size, 2)
    })
  )

  it.scoped("mends EnvironmentReplaced after a teammate's rotation", () =>
    Effect.gen(function* () {
      const { file, run: runTheirs } = yield* project
      const { run } = yield* machine
      yield* run(derive(production), { file, variables })
      yield* runTheirs(
        rotate(production, "same", () => Effect.void),
        { variables }
      )
      const replaced = yield* Effect.flip(run(openEnvironment(production), { file, answers: ["octopus"] }))
      assert.strictEqual(replaced._tag, "EnvironmentReplaced")
      yield* run(derive(production), { file, answers: ["octopus"] })
      assert.strictEqual((yield* run(openEnvironment(production), { file })).size, 2)
    })
  )

  it.scoped("creates an environment that is not there, in CI from TAKO_PASSPHRASE", () =>
    Effect.gen(function* () {
      const { run, file } = yield* machine
      assert.isTrue((yield* run(derive(production), { variables })).created)
      assert.strictEqual((yield* file.read).get(production)?.secrets.size, 0)
      assert.strictEqual((yield* run(openEnvironment(production))).size, 0)
    })
  )
})

describe("export and import", () => {
  it.scoped("carry a key to another machine", () =>
    Effect.gen(function* () {
      const { run, file } = yield* project
      const key = yield* run(exportKey(production))
      const other = yield* machine
      const kept = yield* other.run(importKey(production, Effect.succeed(key)), { file })
      assert.strictEqual(kept.opened, 2)
      assert.strictEqual((yield* other.run(openEnvironment(production), { file })).size, 2)
    })
  )

  it.scoped("refuse what is not a key, opens nothing, or has nothing to open", () =>
    Effect.gen(function* () {
      const { run, file } = yield* project
      const other = yield* machine
      const reasonFor = (text: string) =>
        Effect.map(
          Effect.flip(other.run(importKey(production, Effect.succeed(Redacted.make(text))), { file })),
          (error) => (error._tag === "KeyRefused" ? error.reason : error._tag)
        )
      assert.strictEqual(yield* reasonFor("canary"), "not-a-key")
      assert.strictEqual(yield* reasonFor(Buffer.alloc(32).toString("base64")), "opens-nothing")
      yield* run(
        tamper("production", "A", (environments) => withFlippedBit(blobOf(environments, "production", "A")))
      )
      assert.strictEqual((yield* Effect.flip(run(exportKey(production))))._tag, "SecretsDamaged")
    })
  )
})

describe("trust and forget", () => {
  it.scoped("trust accepts another project's key if the user agrees", () =>
    Effect.gen(function* () {
      const { run } = yield* project
      const elsewhere = { project: "/elsewhere" }
      assert.strictEqual(
        (yield* Effect.flip(run(get(place("production", "A")), elsewhere)))._tag,
        "KeyNotTrusted"
      )
      const verdict = (yield* run(verify([], { ask: false }), elsewhere)).get(production)
      assert.deepInclude(verdict, { _tag: "NotTrusted", origins: ["/project (production)"] })
      const declined = yield* Effect.flip(
        run(
          trust(production, () => Effect.succeed(false)),
          elsewhere
        )
      )
      assert.strictEqual(declined._tag, "Declined")
      let origins: ReadonlyArray<string> = []
      const agree = (shown: ReadonlyArray<string>) => {
        origins = shown
        return Effect.succeed(true)
      }
      assert.strictEqual(yield* run(trust(production, agree), elsewhere), "trusted")
      assert.deepStrictEqual(origins, ["/project (production)"])
      assert.strictEqual(Redacted.value(yield* run(get(place("production", "A")), elsewhere)), "one")
      assert.strictEqual(yield* run(trust(production, agree), elsewhere), "already-trusted")
    })
  )

  it.scoped("forget removes the key and the pin", () =>
    Effect.gen(function* () {
      const { run } = yield* project
      assert.isTrue(yield* run(forget(production)))
      assert.isFalse(yield* run(forget(production)))
      assert.strictEqual((yield* Effect.flip(run(openEnvironment(production))))._tag, "NoKeyFits")
    })
  )
})

describe("rotate", () => {
  it.scoped("seals everything anew under a passphrase that was shown first", () =>
    Effect.gen(function* () {
      const { run, file } = yield* project
      const before = yield* file.read
      let shown = ""
      let fileWhenShown = ""
      const names = yield* run(
        rotate(production, "generated", (passphrase) =>
          Effect.gen(function* () {
            shown = Redacted.value(passphrase)
            fileWhenShown = print(yield* file.read)
          })
        )
      )
      assert.deepStrictEqual(names, ["A", "B"])
      assert.strictEqual(fileWhenShown, print(before))
      const after = yield* file.read
      assert.notStrictEqual(after.get(production)?.salt, before.get(production)?.salt)
      assert.strictEqual((yield* run(openEnvironment(production))).size, 2)
      const other = yield* machine
      const joined = yield* other.run(derive(production), { file, variables: { TAKO_PASSPHRASE: shown } })
      assert.strictEqual(joined.opened, 2)
      const old = yield* Effect.flip(other.run(derive(production), { file, variables }))
      assert.strictEqual(old._tag, "NoKeyFits")
    })
  )

  it.scoped("keeps the old key, and changes nothing when the passphrase could not be shown", () =>
    Effect.gen(function* () {
      const { run, file, cache } = yield* project
      const salt = (yield* file.read).get(production)?.salt ?? assert.fail()
      const before = print(yield* file.read)
      const failing = run(rotate(production, "generated", () => Effect.fail("nobody saw it")))
      assert.strictEqual(yield* Effect.flip(failing), "nobody saw it")
      assert.strictEqual(print(yield* file.read), before)
      yield* run(rotate(production, "generated", () => Effect.void))
      assert.isTrue(Option.isSome(yield* cache.find(keyIdOf(salt))))
    })
  )

  it.scoped("leaves the file in use where it dies before the write, and nobody had pinned anything", () =>
    Effect.gen(function* () {
      const { file } = yield* project
      const { run } = yield* machine
      const dying: SecretsFile["Type"] = { ...file, update: () => Effect.dieMessage("killed") }
      const killed = yield* Effect.exit(
        run(
          rotate(production, "same", () => Effect.void),
          { file: dying, variables }
        )
      )
      assert.isTrue(Exit.isFailure(killed))
      assert.strictEqual((yield* run(openEnvironment(production), { file, variables })).size, 2)
      yield* run(
        rotate(production, "same", () => Effect.void),
        { file, variables }
      )
      assert.strictEqual((yield* run(openEnvironment(production), { file })).size, 2)
    })
  )

  it.scoped("is refused where the file has another key than this machine", () =>
    Effect.gen(function* () {
      const { file } = yield* project
      const { run, file: ours } = yield* machine
      yield* run(put("production", "A", "ours"), { variables })
      for (const mode of ["same", "generated"] as const) {
        const before = print(yield* file.read)
        const refused = run(
          rotate(production, mode, () => Effect.void),
          { file, variables }
        )
        assert.strictEqual((yield* Effect.flip(refused))._tag, "EnvironmentReplaced")
        assert.strictEqual(print(yield* file.read), before)
      }
      assert.strictEqual((yield* run(openEnvironment(production), { file: ours })).size, 1)
    })
  )

  it.scoped("is stopped by one value that does not open", () =>
    Effect.gen(function* () {
      const { run, file } = yield* project
      yield* run(
        tamper("production", "A", (environments) => withFlippedBit(blobOf(environments, "production", "A")))
      )
      const before = print(yield* file.read)
      const error = yield* Effect.flip(run(rotate(production, "generated", () => Effect.void)))
      assert.strictEqual(error._tag, "SecretsDamaged")
      assert.strictEqual(print(yield* file.read), before)
    })
  )

  it.scoped("binds an environment of the original tako under the same passphrase", () =>
    Effect.gen(function* () {
      const salt = Salt.fromBytes(new Uint8Array(16).fill(5))
      const file = yield* secretsFile(new Map([[production, create(salt)]]))
      const { run } = yield* machine
      const allowed = { ...variables, TAKO_ALLOW_UNBOUND: keyIdOf(salt) }
      for (const name of ["A", "B"]) {
        const sealed = yield* run(sealFor(yield* file.read, "production", "octopus", name))
        yield* run(
          tamper("production", name, () => sealed),
          { file }
        )
      }
      const unbound = () =>
        Effect.map(run(verify([production], { ask: false }), { file, variables: allowed }), (verdicts) => {
          const verdict = verdicts.get(production)
          return verdict?._tag === "Opened"
            ? [...verdict.placements.values()].map(({ _tag }) => _tag)
            : verdict?._tag
        })
      assert.deepStrictEqual(yield* unbound(), ["Unbound", "Unbound"])
      assert.strictEqual((yield* run(openEnvironment(production), { file, variables: allowed })).size, 2)
      yield* run(
        rotate(production, "same", () => Effect.void),
        { file, variables }
      )
      assert.deepStrictEqual(yield* unbound(), ["Bound", "Bound"])
      const now = (yield* file.read).get(production)?.salt ?? assert.fail()
      assert.isTrue(yield* run(Effect.map(Cipher, (cipher) => cipher.isMarked(now))))
    })
  )
})
