import * as Fs from "node:fs"
import { isBuiltin } from "node:module"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"

const source = Path.resolve(import.meta.dirname, "..", "src")

const files = new Map(
  Fs.readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => [path, Fs.readFileSync(Path.join(source, path), "utf8")] as const)
)

const rooms = ["domain", "services", "programs", "main"] as const
const roomOf = (path: string) => (rooms as ReadonlyArray<string>).indexOf(path.split(Path.sep)[0] ?? "")
const isPure = (path: string) => /^(domain|programs)\//.test(path)
const isLayer = (path: string) => /(^|\/)layer(-[^/]+)?\.ts$/.test(path)
const isNode = (specifier: string) =>
  isBuiltin(specifier) || /^(hash-wasm|ssh2|@effect\/platform-node)(\/|$)/.test(specifier)

interface Import {
  readonly specifier: string
  readonly isTypeOnly: boolean
}

const statements = /^[ \t]*(?:import|export)\s+(type\s)?(?:([^"';]*?)\sfrom\s+)?"([^"]+)"/gm

const importsOf = (text: string): ReadonlyArray<Import> => [
  ...[...text.matchAll(statements)].map(([, type, names = "", specifier = ""]) => {
    const inBraces = /^\{(.*)\}$/s.exec(names.trim())?.[1]?.split(",") ?? []
    const named = inBraces.map((name) => name.trim()).filter((name) => name !== "")
    const hasOnlyTypes = named.length > 0 && named.every((name) => name.startsWith("type "))
    return { specifier, isTypeOnly: type !== undefined || hasOnlyTypes }
  }),
  ...[...text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g)].map(([, specifier = ""]) => ({
    specifier,
    isTypeOnly: false
  }))
]

const imports = new Map([...files].map(([path, text]) => [path, importsOf(text)] as const))
const targetOf = (path: string, specifier: string) => Path.join(Path.dirname(path), specifier)

const offences = (isOffence: (path: string, specifier: string) => boolean) =>
  [...imports].flatMap(([path, all]) =>
    all
      .filter(({ specifier }) => isOffence(path, specifier))
      .map(({ specifier }) => `${path} imports ${specifier}`)
  )

/** Every file and package that loading this file runs, each with the import chain that leads there; types run nothing. */
const waysFrom = (start: string): ReadonlyMap<string, string> => {
  const ways = new Map([[start, start]])
  // Iterating over a Map also visits the entries added meanwhile.
  for (const [path, way] of ways) {
    for (const { specifier, isTypeOnly } of imports.get(path) ?? []) {
      const target = specifier.startsWith(".") ? targetOf(path, specifier) : specifier
      if (!isTypeOnly && !ways.has(target)) ways.set(target, `${way} -> ${target}`)
    }
  }
  return ways
}

/** The shortest import chain from domain or programs to each file and package that they run. */
const reached: ReadonlyMap<string, string> = new Map(
  [...files.keys()]
    .filter(isPure)
    .flatMap((path) => [...waysFrom(path)])
    .sort(([, one], [, other]) => other.length - one.length)
)

const waysTo = (isForbidden: (target: string) => boolean) =>
  [...reached].filter(([target]) => isForbidden(target)).map(([, way]) => way)

describe("imports", () => {
  it("run from main over programs and services to domain, never the other way", () => {
    const upwards = offences(
      (path, specifier) => specifier.startsWith(".") && roomOf(path) < roomOf(targetOf(path, specifier))
    )
    assert.deepStrictEqual(upwards, [])
  })

  it("do not lead from domain or programs to Node, neither directly nor through a neighbour", () => {
    assert.deepStrictEqual(waysTo(isNode), [])
    // Node's types would tie the signatures to it.
    assert.deepStrictEqual(
      offences((path, specifier) => isPure(path) && isNode(specifier)),
      []
    )
    const globals = [...reached.keys()].filter((path) =>
      /\b(?:process\.(?:env|pid|exit|on|cwd|std|kill)|Buffer\.)/.test(files.get(path) ?? "")
    )
    assert.deepStrictEqual(globals, [])
  })

  it("do not lead from domain or programs to a layer", () => {
    assert.deepStrictEqual(waysTo(isLayer), [])
  })

  it("name modules of Effect, never the index of a package, which costs 60 ms at the start", () => {
    const packages = ["effect", "@effect/cli", "@effect/platform", "@effect/platform-node", "@effect/schema"]
    assert.deepStrictEqual(
      offences((_, specifier) => packages.includes(specifier)),
      []
    )
  })
})

describe("Effects", () => {
  it("are run in main alone", () => {
    const runs = [...files]
      .filter(([path]) => !path.startsWith("main/"))
      .filter(([, text]) =>
        /\.(?:unsafe)?run(?:Sync|Promise|Fork|Callback|Main)(?:Exit|With)?\b|\b(?:Effect|Runtime|ManagedRuntime)\.(?:unsafe)?run[A-Z]/i.test(
          text
        )
      )
      .map(([path]) => path)
    assert.deepStrictEqual(runs, [])
  })
})

describe("tests", () => {
  it("take their random choices from the seed", () => {
    const folder = import.meta.dirname
    const unseeded = Fs.readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter(
        (path) =>
          /\.(ts|mjs|cjs)$/.test(path) &&
          !/^(architecture\.test|support\/(random|fast-check))\.ts$/.test(path)
      )
      .filter((path) =>
        /Math\.random|"(effect\/FastCheck|fast-check)"|getRandomValues|\brandom(Bytes|Fill)\w*\b(?=[^"]*"node:crypto")|Crypto\.random(Bytes|Fill)/.test(
          Fs.readFileSync(Path.join(folder, path), "utf8")
        )
      )
    // Two proofs running at the same time must not take each other's values for leaks.
    assert.deepStrictEqual(unseeded, ["proof/commands.ts"])
  })
})
