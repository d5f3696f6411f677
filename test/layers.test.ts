import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"

const source = Path.resolve(import.meta.dirname, "../src")

/** A layer may import itself and those after it. */
const layers = ["main", "programs", "services", "domain"]
const ofNode = /^(node:|[a-z_]+$)/

const files = (Fs.readdirSync(source, { recursive: true }) as Array<string>).filter((path) =>
  path.endsWith(".ts")
)

const importsOf = (path: string): ReadonlyArray<string> => {
  const text = Fs.readFileSync(Path.join(source, path), "utf8")
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(
    ([, specifier]) => specifier as string
  )
}

const wrong = (isWrong: (layer: string, specifier: string, path: string) => boolean): ReadonlyArray<string> =>
  files.flatMap((path) =>
    importsOf(path)
      .filter((specifier) => isWrong(path.split(Path.sep)[0] as string, specifier, path))
      .map((specifier) => `${path} imports ${specifier}`)
  )

describe("the house", () => {
  it("has these floors, and files on each", () => {
    const floors = Fs.readdirSync(source).sort()
    assert.deepStrictEqual(floors, [...layers].sort())
    assert.isAbove(files.length, 50)
  })

  it("imports downwards only: main, programs, services, domain", () => {
    const upwards = wrong((layer, specifier, path) => {
      if (!specifier.startsWith(".")) return false
      const [target] = Path.relative(source, Path.resolve(source, Path.dirname(path), specifier)).split(
        Path.sep
      )
      return layers.indexOf(target as string) < layers.indexOf(layer)
    })
    assert.deepStrictEqual(upwards, [])
  })

  it("keeps Node, platforms and the command line out of domain and programs", () => {
    const outside = wrong(
      (layer, specifier) =>
        (layer === "domain" || layer === "programs") &&
        !specifier.startsWith(".") &&
        (ofNode.test(specifier) || specifier.startsWith("@effect/"))
    )
    assert.deepStrictEqual(outside, [])
  })

  it("imports effect module by module: its index costs the start 60 ms", () => {
    assert.deepStrictEqual(
      wrong((_, specifier) => /^(effect|@effect\/[a-z-]+)$/.test(specifier)),
      []
    )
  })
})
