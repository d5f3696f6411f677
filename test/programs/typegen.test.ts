import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { SecretName } from "../../src/domain/names.ts"
import type { Salt } from "../../src/domain/salt.ts"
import type { SealedValue } from "../../src/domain/sealed-value.ts"
import { create, empty, withEnvironment, withSecret } from "../../src/domain/secrets-file/environments.ts"
import { checkTypes, refreshTypes, typegen } from "../../src/programs/typegen.ts"
import { layerMemory as projectMemory } from "../../src/services/project/layer-memory.ts"
import { layerMemory as sdkSources } from "../../src/services/sdk-sources/layer-memory.ts"
import { layerMemoryOf } from "../../src/services/secrets-file/layer-memory.ts"
import { layerMemory as sourceTree } from "../../src/services/source-tree/layer-memory.ts"
import { environment } from "../support/project-of.ts"

const sealed = Buffer.alloc(29).toString("base64") as SealedValue

/** Only the names matter here: no value is ever opened. */
const environmentsWith = (names: Readonly<Record<string, ReadonlyArray<string>>>) =>
  Object.entries(names).reduce(
    (environments, [name, secrets]) =>
      withEnvironment(
        environments,
        environment(name),
        secrets.reduce(
          (current, secret) => withSecret(current, SecretName(secret), sealed),
          create(Buffer.from(name.padEnd(16).slice(0, 16)).toString("base64") as Salt)
        )
      ),
    empty
  )

const inProject = (
  files: Map<string, string>,
  names: Readonly<Record<string, ReadonlyArray<string>>> = { production: ["API_KEY"] }
) =>
  Layer.mergeAll(
    projectMemory({ files }),
    sourceTree(files),
    sdkSources,
    layerMemoryOf(environmentsWith(names))
  )

const filesOf = (...paths: ReadonlyArray<string>) => new Map(paths.map((path) => [path, ""]))
const any = Option.none()

describe("typegen", () => {
  it.effect.each([
    [["package.json"], ["tako.gen.ts"]],
    [["package.json", "src/a.ts", "app/a.ts"], ["src/tako.gen.ts"]],
    [["package.json", "app/a.ts"], ["app/tako.gen.ts"]],
    [["package.json", "src/a.ts", "lib/deep/tako.gen.ts"], ["lib/deep/tako.gen.ts"]],
    [
      ["package.json", "go.mod"],
      ["tako.gen.ts", "tako_secrets.go"]
    ],
    [["go.mod", "web/package.json"], ["tako_secrets.go"]],
    [["package.json", "node_modules/x/tako.gen.ts"], ["tako.gen.ts"]],
    [["package.json", "other/tako.toml", "other/tako.gen.ts"], ["tako.gen.ts"]],
    [["src/tako.gen.ts"], ["src/tako.gen.ts"]]
  ] as const)("of %j writes %j", ([there, written]) =>
    Effect.gen(function* () {
      const files = filesOf(...there)
      const wrote = yield* Effect.provide(typegen(any), inProject(files))
      assert.deepStrictEqual(
        wrote.map(({ path }) => path),
        [...written]
      )
      for (const path of written)
        assert.include(files.get(path), path.endsWith("ts") ? "API_KEY: string" : "ApiKey")
    })
  )

  it.effect("writes Go's file beside go.mod, in the existing package", () =>
    Effect.gen(function* () {
      const files = filesOf("server/go.mod")
      files.set("server/shop.go", "// A shop.\npackage shop\n")
      yield* Effect.provide(typegen(Option.some("go")), inProject(files))
      assert.match(files.get("server/tako_secrets.go") ?? "", /^package shop$/m)
      const existing = filesOf("go.mod", "internal/secrets/tako_secrets.go")
      existing.set("internal/secrets/tako_secrets.go", "package secrets\n")
      yield* Effect.provide(typegen(any), inProject(existing))
      assert.match(existing.get("internal/secrets/tako_secrets.go") ?? "", /^package secrets$/m)
    })
  )

  it.effect("says where each name is set", () =>
    Effect.gen(function* () {
      const files = filesOf("package.json")
      const names = { development: ["A", "B"], production: ["A", "C"], staging: ["A"] }
      yield* Effect.provide(typegen(any), inProject(files, names))
      assert.include(
        files.get("tako.gen.ts"),
        `export interface Secrets {
  /** Set in development, production and staging. */
  readonly A: string
  /** Set in development only. */
  readonly B: string
  /** Set in production only. */
  readonly C: string
  toString(): "[REDACTED]"
  toJSON(): "[REDACTED]"
}`
      )
    })
  )

  it.effect("asks for the language if nothing shows it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(typegen(any), inProject(filesOf("main.py"))))
      assert.strictEqual(error._tag, "LanguageUnknown")
      assert.include(error.message, "--lang ts")
    })
  )

  it.effect("writes nothing at all if two names collide in Go", () =>
    Effect.gen(function* () {
      const files = filesOf("package.json", "go.mod")
      const names = { development: ["A_B"], production: ["A__B"] }
      const error = yield* Effect.flip(Effect.provide(typegen(any), inProject(files, names)))
      assert.include(error.message, "A_B and A__B")
      assert.deepStrictEqual([...files.keys()], ["package.json", "go.mod"])
    })
  )

  it.effect("checks for missing, current (with any line endings) and stale files, and writes nothing", () =>
    Effect.gen(function* () {
      const files = filesOf("package.json")
      const states = (names?: Readonly<Record<string, ReadonlyArray<string>>>) =>
        Effect.map(Effect.provide(checkTypes(any), inProject(files, names)), (files) =>
          files.map(({ state }) => state)
        )
      assert.deepStrictEqual(yield* states(), ["missing"])
      assert.isFalse(files.has("tako.gen.ts"))
      yield* Effect.provide(typegen(any), inProject(files))
      assert.deepStrictEqual(yield* states(), ["current"])
      const text = files.get("tako.gen.ts") as string
      files.set("tako.gen.ts", text.replaceAll("\n", "\r\n"))
      assert.deepStrictEqual(yield* states(), ["current"])
      assert.deepStrictEqual(yield* states({ production: ["OTHER"] }), ["stale"])
    })
  )
})

describe("refreshTypes", () => {
  it.effect("creates nothing", () =>
    Effect.gen(function* () {
      const files = filesOf("package.json", "go.mod")
      const refreshed = yield* Effect.provide(refreshTypes(), inProject(files))
      assert.deepStrictEqual(refreshed, { changed: [], failures: [] })
      assert.strictEqual(files.size, 2)
    })
  )

  it.effect("rewrites an existing file once", () =>
    Effect.gen(function* () {
      const files = filesOf("src/tako.gen.ts", "lib/tako.gen.ts")
      const layers = inProject(files)
      const first = yield* Effect.provide(refreshTypes(), layers)
      assert.deepStrictEqual(first.changed, ["lib/tako.gen.ts", "src/tako.gen.ts"])
      assert.deepStrictEqual((yield* Effect.provide(refreshTypes(), layers)).changed, [])
    })
  )

  it.effect("still writes TypeScript if Go cannot have the names", () =>
    Effect.gen(function* () {
      const files = filesOf("src/tako.gen.ts", "tako_secrets.go")
      const { changed, failures } = yield* Effect.provide(
        refreshTypes(),
        inProject(files, { production: ["A_B", "A__B"] })
      )
      assert.deepStrictEqual(changed, ["src/tako.gen.ts"])
      assert.deepStrictEqual(
        failures.map(({ _tag }) => _tag),
        ["AccessorsCollide"]
      )
    })
  )
})
