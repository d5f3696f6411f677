import { assert, beforeEach, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { vi } from "vitest"
import { layer } from "../../../src/main/library/effect.ts"

const canary = "canary, of\n the config  test"

// The global bag of secrets, as importing the runtime leaves it.
let bag: () => { readonly secrets: Readonly<Record<string, string>> }
vi.hoisted(() => {
  Object.defineProperty(globalThis, Symbol.for("tako/fd3/v1"), {
    value: (wanted?: string) => (wanted ? bag() : {})
  })
})
beforeEach(() => {
  const secrets = { DATABASE_URL: canary, KEYS: "a, b,c", BOTH: "secret", COUNT: `${canary}!` }
  bag = () => ({ secrets: Object.assign(Object.create(null), secrets) })
})

const behind = ConfigProvider.fromMap(
  new Map([
    ["PORT", "8080"],
    ["BOTH", "plain"],
    ["COUNT", "5"],
    ["LIST", "x,y"]
  ]),
  { pathDelim: "_" }
)

const load = <A>(config: Config.Config<A>, provider = behind) =>
  config.pipe(Effect.provide(Layer.provide(layer, Layer.setConfigProvider(provider))))

describe("tako/effect", () => {
  it.effect("provides secrets unchanged, before the current provider", () =>
    Effect.gen(function* () {
      const all = Config.all({
        url: Config.redacted("DATABASE_URL"),
        text: Config.string("DATABASE_URL"),
        nested: Config.nested(Config.string("URL"), "DATABASE"),
        port: Config.port("PORT"),
        both: Config.string("BOTH"),
        keys: Config.array(Config.string(), "KEYS"),
        list: Config.array(Config.string(), "LIST"),
        other: Config.withDefault(Config.string("OTHER"), "default")
      })
      const { url, ...others } = yield* load(all)
      assert.strictEqual(Redacted.value(url), canary)
      assert.strictEqual(String(url), "<redacted>")
      assert.deepStrictEqual(others, {
        text: canary,
        nested: canary,
        port: 8080,
        both: "secret",
        keys: ["a", "b", "c"],
        list: ["x", "y"],
        other: "default"
      })
    })
  )

  it.effect("neither quotes a secret that does not parse nor tries another provider", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(load(Config.integer("COUNT")))
      assert.notInclude(`${error} ${JSON.stringify(error)}`, "canary")
      assert.include(String(error), "COUNT")
    })
  )

  it.effect("is only the current provider without tako", () =>
    Effect.gen(function* () {
      bag = () => {
        throw Object.assign(new Error("not started"), { code: "TAKO_NOT_STARTED" })
      }
      assert.strictEqual(yield* load(Config.string("BOTH")), "plain")
      const error = yield* Effect.flip(load(Config.redacted("DATABASE_URL")))
      assert.strictEqual(error._tag, "ConfigError")
    })
  )

  it.effect("fails if tako's secrets cannot be read, and says what to do", () =>
    Effect.gen(function* () {
      bag = () => {
        throw Object.assign(new Error("Configuration cannot be read: …"), { code: "TAKO_DAMAGED" })
      }
      const error = yield* Effect.flip(load(Config.string("BOTH")))
      assert.deepInclude(error, {
        _tag: "SecretsUnavailable",
        code: "TAKO_DAMAGED",
        message: "Configuration cannot be read: …"
      })
    })
  )
})
