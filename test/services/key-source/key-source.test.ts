import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Key from "../../../src/domain/key.ts"
import type { EnvironmentName, SecretName } from "../../../src/domain/names.ts"
import { create, type Environment, withSecret } from "../../../src/domain/secrets-file/environments.ts"
import { everything } from "../../../src/main/library/everything.ts"
import { Cipher } from "../../../src/services/cipher/cipher.ts"
import { keyIdOf } from "../../../src/services/cipher/layer.ts"
import { KeyDerivation } from "../../../src/services/key-derivation/key-derivation.ts"
import { contractOf } from "../../../src/services/key-source/contract.ts"
import { KeySource } from "../../../src/services/key-source/key-source.ts"
import type { Said } from "../../../src/services/terminal/layer-memory.ts"
import { testContract } from "../../support/contract.ts"
import { machine, type Situation } from "../../support/machine.ts"

/** A person types it as often as there can be a question. */
testContract(
  "KeySource that asks",
  contractOf((passphrase) => everything({ answers: Array.from({ length: 9 }, () => passphrase) })),
  Layer.empty
)
testContract(
  "KeySource that reads variables",
  contractOf((passphrase) =>
    Layer.provideMerge(
      everything(),
      Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["TAKO_PASSPHRASE", passphrase]])))
    )
  ),
  Layer.empty
)

const production = "production" as EnvironmentName
const secret = (index: number) => `SECRET_${index}` as SecretName

/** An environment of which these passphrases seal a value each. */
const environmentOf = (...passphrases: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const cipher = yield* Cipher
    const derivation = yield* KeyDerivation
    let environment: Environment = create(yield* cipher.newSalt)
    for (const [index, passphrase] of passphrases.entries()) {
      const key = yield* derivation.derive(Redacted.make(passphrase), environment.salt)
      const place = { environment: production, secret: secret(index) }
      environment = withSecret(environment, place.secret, yield* cipher.seal(key, place, Redacted.make("v")))
    }
    return environment
  })

const keyOf = (passphrase: string, { salt }: Environment) =>
  Effect.flatMap(KeyDerivation, (derivation) => derivation.derive(Redacted.make(passphrase), salt)).pipe(
    Effect.map((key) => Redacted.value(Key.toBase64(key)))
  )

const unlock = (environment: Environment, options = { ask: true }) =>
  Effect.scoped(
    Effect.flatMap(KeySource, (keys) => keys.unlock(production, environment, options)).pipe(
      Effect.map(({ source, opened, unopened }) => ({ source, opened: opened.size, unopened }))
    )
  )

describe("KeySource.unlock", () => {
  it.scoped("takes the first that fits: key, cache, passphrase, prompt", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      const environment = yield* run(environmentOf("octopus"))
      const key = yield* run(keyOf("octopus", environment))
      const sourceIn = (situation: Situation) =>
        Effect.map(run(unlock(environment), situation), ({ source }) => source)

      assert.strictEqual(yield* sourceIn({ answers: ["octopus"] }), "prompt")
      const variables = { TAKO_KEY: key, TAKO_PASSPHRASE: "octopus" }
      assert.strictEqual(yield* sourceIn({ variables }), "TAKO_KEY")
      assert.strictEqual(yield* sourceIn({ variables: { TAKO_PASSPHRASE: "octopus" } }), "cache")
      assert.strictEqual(yield* sourceIn({}), "cache")
      const other = { ...variables, TAKO_KEY: Buffer.alloc(32).toString("base64") }
      assert.strictEqual(yield* sourceIn({ variables: other }), "cache")
    })
  )

  it.scoped("derives from TAKO_PASSPHRASE and keeps nothing", () =>
    Effect.gen(function* () {
      const { run, cache } = yield* machine
      const environment = yield* run(environmentOf("octopus"))
      const variables = { TAKO_PASSPHRASE: "octopus" }
      assert.strictEqual((yield* run(unlock(environment), { variables })).source, "TAKO_PASSPHRASE")
      assert.isTrue(Option.isNone(yield* cache.find(keyIdOf(environment.salt))))
    })
  )

  it.scoped("names every source and what came of it, and no value, when none fits", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      const environment = yield* run(environmentOf("octopus"))
      const variables = {
        TAKO_KEY: "canary-key",
        TAKO_KEY_FILE: "/nonexistent/canary",
        TAKO_PASSPHRASE: "canary-passphrase\n",
        TAKO_PASSPHRASE_FILE: ""
      }
      const error = yield* Effect.flip(run(unlock(environment), { variables }))
      assert.strictEqual(
        error.message,
        [
          "No key opens environment production: the key is wrong, its salt has changed, or its values are damaged.",
          "  TAKO_KEY is not a key (the base64 of 32 bytes)",
          "  TAKO_KEY_FILE names a file that cannot be read: it does not exist (ENOENT)",
          "  this machine's key cache has no key for it",
          "  TAKO_PASSPHRASE opens none of its values: its leading or trailing white space is part of it",
          "  TAKO_PASSPHRASE_FILE names a file that cannot be read: it does not exist (ENOENT)",
          "  a prompt is not possible without a terminal",
          "Join with the team's passphrase: tako secrets key derive --env production (in CI: TAKO_PASSPHRASE)"
        ].join("\n")
      )
    })
  )

  it.scoped("opens what it can and names the rest", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      const environment = yield* run(environmentOf("octopus", "squid", "octopus"))
      const variables = { TAKO_PASSPHRASE: "octopus" }
      const unlocked = yield* run(unlock(environment), { variables })
      assert.deepStrictEqual(unlocked, {
        source: "TAKO_PASSPHRASE",
        opened: 2,
        unopened: [secret(1)]
      })
    })
  )

  it.scoped("tries the other spellings of a passphrase: NFC and NFD", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      for (const [sealed, typed] of [
        ["g\u00e4rten", "ga\u0308rten"],
        ["ga\u0308rten", "g\u00e4rten"]
      ] as const) {
        const environment = yield* run(environmentOf(sealed))
        const variables = { TAKO_PASSPHRASE: typed }
        assert.strictEqual((yield* run(unlock(environment), { variables })).opened, 1)
      }
    })
  )

  it.scoped("asks again where nothing but Enter was typed, which counts for no try", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      const said = yield* Ref.make<ReadonlyArray<Said>>([])
      const environment = yield* run(environmentOf("octopus"))
      const answers = ["", "", "squid", "", "cuttlefish", "octopus"]
      assert.strictEqual((yield* run(unlock(environment), { answers, said })).source, "prompt")
      const hints = (yield* Ref.get(said)).filter(
        ({ text }) => text === "Nothing was typed. Press Ctrl-C to quit."
      )
      assert.lengthOf(hints, 3)
    })
  )

  it.scoped("asks three times, and keeps and pins what then fits", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      const said = yield* Ref.make<ReadonlyArray<Said>>([])
      const environment = yield* run(environmentOf("octopus"))
      yield* run(unlock(environment), { answers: ["squid", "cuttlefish", "octopus"], said })
      assert.deepStrictEqual(
        (yield* Ref.get(said)).map(({ text }) => text),
        [
          "Passphrase for environment production: ",
          "Wrong passphrase for production. Try again.",
          "Passphrase for environment production: ",
          "Wrong passphrase for production. Try again.",
          "Passphrase for environment production: "
        ]
      )
      assert.strictEqual((yield* run(unlock(environment))).source, "cache")
    })
  )

  it.scoped("never asks when it may not", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      const environment = yield* run(environmentOf("octopus"))
      const error = yield* Effect.flip(run(unlock(environment, { ask: false }), { answers: ["octopus"] }))
      assert.strictEqual(error._tag, "NoKeyFits")
    })
  )

  it.effect("reads files less one final newline, LF or CRLF", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const folder = yield* Effect.acquireRelease(
          Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-test-"))),
          (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true }))
        )
        const { run } = yield* machine
        const environment = yield* run(environmentOf("octopus \n"))
        const file = Path.join(folder, "passphrase")
        for (const [text, fits] of [
          ["octopus \n\n", true],
          ["octopus \n\r\n", true],
          ["octopus \n", false]
        ] as const) {
          Fs.writeFileSync(file, text)
          const variables = { TAKO_PASSPHRASE_FILE: file }
          const exit = yield* Effect.exit(run(unlock(environment), { variables }))
          assert.strictEqual(exit._tag, fits ? "Success" : "Failure", JSON.stringify(text))
        }
        for (const [bytes, because] of [
          [
            Buffer.from("\ufeffoctopus", "utf8"),
            "opens none of its values: its leading or trailing white space"
          ],
          [Buffer.from("\ufeffoctopus", "utf16le"), "names a file that cannot be read: it is not UTF-8\n"]
        ] as const) {
          Fs.writeFileSync(file, bytes)
          const variables = { TAKO_PASSPHRASE_FILE: file }
          const error = yield* Effect.flip(run(unlock(environment), { variables }))
          assert.include(error.message, `TAKO_PASSPHRASE_FILE ${because}`)
        }
        Fs.writeFileSync(file, `${yield* run(keyOf("octopus \n", environment))}\r\n`)
        const unlocked = yield* run(unlock(environment), { variables: { TAKO_KEY_FILE: file } })
        assert.strictEqual(unlocked.source, "TAKO_KEY_FILE")
      })
    )
  )
})

describe("KeySource and another project's environment", () => {
  const known = Effect.gen(function* () {
    const { run, ...rest } = yield* machine
    const environment = yield* run(environmentOf("octopus"))
    yield* run(unlock(environment), { project: "/theirs", answers: ["octopus"] })
    return { run, environment, ...rest }
  })

  it.scoped("does not use its cached key: exit 3 without a terminal, naming the project", () =>
    Effect.gen(function* () {
      const { run, environment } = yield* known
      const error = yield* Effect.flip(run(unlock(environment), { project: "/ours" }))
      assert.strictEqual(error._tag, "KeyNotTrusted")
      assert.include(error.message, "/theirs (production)")
      assert.include(error.message, "tako secrets key trust --env production")
    })
  )

  it.scoped("asks on a terminal, and uses it from then on", () =>
    Effect.gen(function* () {
      const { run, environment } = yield* known
      const refused = yield* Effect.flip(run(unlock(environment), { project: "/ours", answers: ["n"] }))
      assert.strictEqual(refused._tag, "KeyNotTrusted")
      assert.strictEqual(
        (yield* run(unlock(environment), { project: "/ours", answers: ["y"] })).source,
        "cache"
      )
      assert.strictEqual((yield* run(unlock(environment), { project: "/ours" })).source, "cache")
    })
  )

  it.scoped("refuses it where our own environment was pinned, and a prompt as well", () =>
    Effect.gen(function* () {
      const { run, environment } = yield* known
      const own = yield* run(environmentOf("squid"))
      yield* run(unlock(own), { project: "/ours", answers: ["squid"] })
      for (const answers of [undefined, ["octopus"]]) {
        const situation = answers === undefined ? {} : { answers }
        const error = yield* Effect.flip(run(unlock(environment), { project: "/ours", ...situation }))
        assert.strictEqual(error._tag, "EnvironmentReplaced")
        assert.include(error.message, "/theirs (production)")
      }
    })
  )
})

describe("KeySource.establish", () => {
  const establish = (environment: Environment, isNew: boolean) =>
    Effect.scoped(
      Effect.gen(function* () {
        const keys = yield* KeySource
        const { key, remember } = yield* keys.establish(production, environment.salt, { isNew })
        yield* remember
        return Redacted.value(Key.toBase64(key))
      })
    )

  it.scoped("takes TAKO_PASSPHRASE for a new environment, and never TAKO_KEY", () =>
    Effect.gen(function* () {
      const { run, cache } = yield* machine
      const environment = yield* run(environmentOf())
      const key = yield* run(keyOf("octopus", environment))
      const refused = yield* Effect.flip(run(establish(environment, true), { variables: { TAKO_KEY: key } }))
      assert.strictEqual(refused._tag, "NoKeyFits")
      const variables = { TAKO_PASSPHRASE: "octopus" }
      assert.strictEqual(yield* run(establish(environment, true), { variables }), key)
      assert.isTrue(Option.isSome(yield* cache.find(keyIdOf(environment.salt))))
    })
  )

  it.scoped("suggests a passphrase that Enter takes", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      const said = yield* Ref.make<ReadonlyArray<Said>>([])
      const environment = yield* run(environmentOf())
      const key = yield* run(establish(environment, true), { answers: [""], said })
      const shown = (yield* Ref.get(said)).find(({ text }) => text.startsWith("Suggestion: "))
      const suggestion = shown?.text.slice("Suggestion: ".length) ?? assert.fail("no suggestion")
      assert.strictEqual(key, yield* run(keyOf(suggestion, environment)))
    })
  )

  it.scoped("asks twice, remarks on a weak one, and stops when the two differ", () =>
    Effect.gen(function* () {
      const { run, cache } = yield* machine
      const said = yield* Ref.make<ReadonlyArray<Said>>([])
      const environment = yield* run(environmentOf())
      const differ = yield* Effect.flip(
        run(establish(environment, true), { answers: ["short", "shorf"], said })
      )
      assert.strictEqual(differ._tag, "EntriesDiffer")
      assert.isTrue((yield* Ref.get(said)).some(({ text }) => text.startsWith("That one is weak: ")))
      assert.isTrue(Option.isNone(yield* cache.find(keyIdOf(environment.salt))))
      yield* run(establish(environment, true), { answers: ["short", "short"] })
      assert.isTrue(Option.isSome(yield* cache.find(keyIdOf(environment.salt))))
    })
  )

  it.scoped("for an environment that is there and empty: an explicit passphrase before the pinned key", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      const environment = yield* run(environmentOf())
      const first = yield* run(establish(environment, false), { answers: ["octopus", "octopus"] })
      assert.strictEqual(yield* run(establish(environment, false)), first)
      const variables = { TAKO_PASSPHRASE: "squid" }
      assert.notStrictEqual(yield* run(establish(environment, false), { variables }), first)
    })
  )
})

describe("keys", () => {
  it.scoped("are overwritten when the scope closes", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      const environment = yield* run(environmentOf("octopus"))
      for (const situation of [{ answers: ["octopus"] }, {}, { variables: { TAKO_PASSPHRASE: "octopus" } }]) {
        const key = yield* run(
          Effect.scoped(
            Effect.flatMap(KeySource, (keys) => keys.unlock(production, environment, { ask: true })).pipe(
              Effect.map(({ key }) => {
                assert.isTrue(Redacted.value(key).some((byte) => byte !== 0))
                return key
              })
            )
          ),
          situation
        )
        assert.isTrue(Redacted.value(key).every((byte) => byte === 0))
      }
    })
  )
})
