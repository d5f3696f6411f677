import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"

const root = Path.resolve(import.meta.dirname, "..")
const source = Path.join(root, "src")

const files = Fs.readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, text: Fs.readFileSync(Path.join(source, path), "utf8") }))

const houses = ["domain", "services", "programs", "main"] as const
const houseOf = (path: string) => (houses as ReadonlyArray<string>).indexOf(path.split(Path.sep)[0] ?? "")

const importsOf = (text: string) =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, specifier]) => specifier as string)

const offences = (isOffence: (path: string, specifier: string) => boolean) =>
  files.flatMap(({ path, text }) =>
    importsOf(text)
      .filter((specifier) => isOffence(path, specifier))
      .map((specifier) => `${path} imports ${specifier}`)
  )

describe("the house", () => {
  it("has imports that run from main over programs and services to domain, and no other way", () => {
    const upwards = offences((path, specifier) => {
      if (!specifier.startsWith(".")) return false
      return houseOf(path) < houseOf(Path.join(Path.dirname(path), specifier))
    })
    assert.deepStrictEqual(upwards, [])
  })

  it("keeps Node out of domain and programs", () => {
    const node = (path: string, specifier: string) =>
      /^(domain|programs)\//.test(path) && (specifier.startsWith("node:") || specifier === "hash-wasm")
    assert.deepStrictEqual(offences(node), [])
    const globals = files
      .filter(
        ({ path, text }) =>
          /^(domain|programs)\//.test(path) &&
          /\b(?:process\.(?:env|pid|exit|on|cwd|std|kill)|Buffer\.)/.test(text)
      )
      .map(({ path }) => path)
    assert.deepStrictEqual(globals, [])
  })

  it("keeps layers out of programs", () => {
    const layers = (path: string, specifier: string) =>
      path.startsWith("programs/") && /\/layer(-memory)?\.ts$/.test(specifier)
    assert.deepStrictEqual(offences(layers), [])
  })

  it("runs Effects in main alone", () => {
    const runs = files
      .filter(({ path }) => !path.startsWith("main/"))
      .filter(({ text }) => /\b(?:Effect|Runtime|ManagedRuntime)\.(?:unsafe)?run[A-Z]/i.test(text))
      .map(({ path }) => path)
    assert.deepStrictEqual(runs, [])
  })

  it("imports modules, never the index of a package: that costs 60 ms at the start", () => {
    const index = (_: string, specifier: string) =>
      ["effect", "@effect/cli", "@effect/platform", "@effect/platform-node", "@effect/schema"].includes(
        specifier
      )
    assert.deepStrictEqual(offences(index), [])
  })
})
