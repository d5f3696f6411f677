import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import type { EnvironmentName } from "../../../src/domain/names.ts"
import { decode } from "../../../src/domain/tako-toml/decode.ts"
import {
  isProjectName,
  projectNameOf,
  type TakoToml,
  varsIn
} from "../../../src/domain/tako-toml/tako-toml.ts"
import * as FastCheck from "../../support/fast-check.ts"

const read = (document: unknown): TakoToml =>
  Either.getOrThrowWith(decode(document, "folder"), (misfit) => misfit)
const refusal = (document: unknown) => Either.getOrThrow(Either.flip(decode(document, "folder")))
const production = "production" as EnvironmentName

describe("tako.toml", () => {
  it("defaults to the folder's name", () => {
    const config = read({})
    assert.strictEqual(config.name, "folder")
    assert.isUndefined(config.start)
    assert.deepStrictEqual(config.ignored, [])
  })

  it("reads everything it may contain", () => {
    const config = read({
      name: "my-app",
      start: ["node", "server.ts"],
      dev: ["vite", "dev"],
      release: "node migrate.ts",
      build: { run: "npm run build", install: ["npm", "ci"], include: ["dist/**"], exclude: ["*.map"] },
      vars: { LOG_LEVEL: "info", RETRIES: 3n, DEBUG: false, production: { LOG_LEVEL: "warn" } },
      envs: {
        production: {
          servers: ["la", "ams"],
          instances: 2n,
          listen: "127.0.0.1:8080",
          port: "assign",
          drain: "30s",
          release: ["node", "migrate.ts"]
        },
        staging: { port: 3000n },
        development: {}
      },
      secrets: { required: ["DATABASE_URL"], optional: ["SENTRY_DSN"], shapes: { DATABASE_URL: "url" } }
    })
    assert.strictEqual(config.name, "my-app")
    assert.deepStrictEqual(config.start, ["node", "server.ts"])
    assert.strictEqual(config.release, "node migrate.ts")
    assert.deepStrictEqual(config.build.install, ["npm", "ci"])
    assert.deepStrictEqual(
      [...config.vars],
      [
        ["LOG_LEVEL", "info"],
        ["RETRIES", "3"],
        ["DEBUG", "false"]
      ]
    )
    assert.strictEqual(varsIn(config, production).get("LOG_LEVEL"), "warn")
    assert.strictEqual(varsIn(config, production).get("RETRIES"), "3")
    const deployed = config.envs.get(production)
    assert.deepStrictEqual(deployed?.servers, ["la", "ams"])
    assert.strictEqual(deployed?.instances, 2)
    assert.strictEqual(deployed?.port, "assign")
    assert.strictEqual(deployed?.drain && Duration.toMillis(deployed.drain), 30_000)
    assert.deepStrictEqual(config.envs.get("staging" as EnvironmentName), { servers: [], port: 3000 })
    assert.deepStrictEqual([...config.secrets.required] as Array<string>, ["DATABASE_URL"])
    assert.strictEqual(config.secrets.shapes.get(config.secrets.required[0] as never), "url")
  })

  it("treats main as node with that file, and refuses it beside start", () => {
    assert.deepStrictEqual(read({ main: "server.ts" }).start, ["node", "server.ts"])
    assert.match(refusal({ main: "a.ts", start: ["b"] }).problem, /main is short for start/)
  })

  it("accepts the original's own keys, and lists them for one warning", () => {
    const config = read({
      runtime: "bun",
      build: { run: "x", preset: "vite" },
      build_stages: [{ run: "y" }],
      envs: { production: { route: "example.com", idle_timeout: 300n } }
    })
    assert.deepStrictEqual(config.ignored, [
      "runtime",
      "build_stages",
      "build.preset",
      "envs.production.route",
      "envs.production.idle_timeout"
    ])
  })

  it.each([
    [{ strat: ["node"] }, "strat is not a key that tako knows", "start"],
    [
      { envs: { production: { server: ["la"] } } },
      "envs.production.server is not a key",
      "envs.production.servers"
    ],
    [{ secrets: { requried: [] } }, "secrets.requried is not a key", "secrets.required"],
    [{ zzzzz: true }, "zzzzz is not a key that tako knows", undefined],
    [{ secrets: { runtime: "bun" } }, "secrets.runtime is not a key", undefined]
  ])("names an unknown key, and the one that was meant: %j", (document, problem, suggestion) => {
    const misfit = refusal(document)
    assert.include(misfit.problem, problem)
    assert.strictEqual(misfit.suggestion, suggestion)
  })

  const value = "sk_live_canary"
  const misplaced: ReadonlyArray<readonly [string, unknown]> = [
    ["name", { name: `My ${value}` }],
    ["name", { name: 7n }],
    ["start", { start: [] }],
    ["start", { start: ["", value] }],
    ["start", { start: `${value}\0` }],
    ["dev", { dev: { [value]: value } }],
    ["build", { build: value }],
    ["build.include.1", { build: { include: ["a", 7n] } }],
    ["vars", { vars: value }],
    ["vars.RATE", { vars: { RATE: 1.5 } }],
    ["vars.WHEN", { vars: { WHEN: new Date(0) } }],
    ["vars.LIST", { vars: { LIST: [value] } }],
    ["vars.NUL", { vars: { NUL: `${value}\0` } }],
    ["vars.TAKO_KEY", { vars: { TAKO_KEY: value } }],
    ["vars.production.TAKO_PIPE", { vars: { production: { TAKO_PIPE: value } } }],
    ["vars.Production", { vars: { Production: { A: value } } }],
    ['vars."A B"', { vars: { "A B": value } }],
    ["envs", { envs: [value] }],
    ["envs.PROD", { envs: { PROD: {} } }],
    ["envs.production", { envs: { production: value } }],
    ["envs.production.servers", { envs: { production: { servers: value } } }],
    ["envs.production.servers.0", { envs: { production: { servers: [`-o${value}`] } } }],
    ["envs.production.instances", { envs: { production: { instances: 0n } } }],
    ["envs.production.instances", { envs: { production: { instances: 2 } } }],
    ["envs.production.listen", { envs: { production: { listen: value } } }],
    ["envs.production.listen", { envs: { production: { listen: "127.0.0.1:0" } } }],
    ["envs.production.listen", { envs: { production: { listen: "127.0.0.1:65536" } } }],
    ["envs.production.port", { envs: { production: { port: value } } }],
    ["envs.production.port", { envs: { production: { port: 65536n } } }],
    ["envs.production.drain", { envs: { production: { drain: 30n } } }],
    ["envs.production.drain", { envs: { production: { drain: "0s" } } }],
    ["envs.production.drain", { envs: { production: { drain: "61m" } } }],
    ["secrets.required.0", { secrets: { required: [value] } }],
    ["secrets.shapes", { secrets: { shapes: value } }]
  ]
  it.each(misplaced)("says which value is invalid without quoting it: %s", (path, document) => {
    const misfit = refusal(document)
    assert.isTrue(misfit.problem.startsWith(path), misfit.problem)
    assert.notInclude(misfit.problem, value)
    assert.notInclude(misfit.suggestion ?? "", value)
  })

  it("escapes control characters in a key, and shortens a long one", () => {
    const { problem } = refusal({ [`a\u001b[31m\u009b\u202e${"x".repeat(500)}`]: 1n })
    assert.match(problem, /^[\x20-\x7e…]{1,200}$/)
  })

  it("treats the names of Object's properties like any other", () => {
    for (const key of ["__proto__", "constructor", "hasOwnProperty", "toString"]) {
      assert.include(
        refusal(JSON.parse(`{"${key}": {"polluted": true}}`)).problem,
        "is not a key that tako knows"
      )
    }
    const config = read(
      JSON.parse('{"vars": {"__proto__": "x", "constructor": "y"}, "envs": {"constructor": {}}}')
    )
    assert.deepStrictEqual(
      [...config.vars],
      [
        ["__proto__", "x"],
        ["constructor", "y"]
      ]
    )
    assert.isTrue(config.envs.has("constructor" as EnvironmentName))
    assert.isUndefined(({} as { polluted?: boolean }).polluted)
  })

  it("refuses a secret that is both required and optional", () => {
    assert.include(refusal({ secrets: { required: ["A"], optional: ["A"] } }).problem, "A both in required")
  })

  it("never throws, whatever it is given", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.anything({ withBigInt: true, withDate: true }), (anything) => {
        decode(anything, "folder")
        decode({ vars: anything, envs: { production: anything }, secrets: anything }, "folder")
      })
    )
  })
})

describe("a project's name", () => {
  it.each([
    ["my-app", "my-app"],
    ["My App", "my-app"],
    ["Übergrößen", "ubergro-en"],
    ["2024-shop", "shop"],
    ["__", "app"],
    ["", "app"],
    ["日本", "app"],
    ["a.b_c", "a-b-c"]
  ])("of folder %s is %s", (folder, name) => {
    assert.strictEqual(projectNameOf(folder), name)
  })

  it("is valid for any folder", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.fullUnicodeString({ maxLength: 300 }), (folder) =>
        assert.isTrue(isProjectName(projectNameOf(folder)))
      )
    )
  })
})
