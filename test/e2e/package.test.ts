import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

const root = Path.resolve(import.meta.dirname, "../..")
const passphrase = "canary-of-the-package-test"

let folder: string
let files: ReadonlyArray<string>

// What `npm install` of the tarball leaves, without asking a registry: hash-wasm is the one of this checkout.
beforeAll(() => {
  folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-package-"))
  const packed = ChildProcess.execFileSync(
    "npm",
    ["pack", "--ignore-scripts", "--json", "--pack-destination", folder],
    {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"]
    }
  )
  const [{ filename, files: listed }] = JSON.parse(packed.slice(packed.indexOf("[")))
  files = listed.map(({ path }: { readonly path: string }) => path)
  const modules = Path.join(folder, "node_modules")
  Fs.mkdirSync(modules)
  ChildProcess.execFileSync("tar", ["-xzf", Path.join(folder, filename), "-C", modules])
  Fs.renameSync(Path.join(modules, "package"), Path.join(modules, "tako"))
  // And the peer that an embedder has.
  for (const name of ["hash-wasm", "effect"]) {
    Fs.symlinkSync(Path.join(root, "node_modules", name), Path.join(modules, name))
  }
  Fs.mkdirSync(Path.join(folder, "project"))
  Fs.mkdirSync(Path.join(folder, "home"))
})
afterAll(() => Fs.rmSync(folder, { recursive: true, force: true }))

const tako = (commandLine: ReadonlyArray<string>, input = "") => {
  const bin = Path.join(folder, "node_modules/tako/dist/tako.cjs")
  const ended = ChildProcess.spawnSync(process.execPath, [bin, ...commandLine], {
    cwd: Path.join(folder, "project"),
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TAKO_HOME: Path.join(folder, "home"),
      TAKO_PASSPHRASE: passphrase
    },
    encoding: "utf8",
    input,
    timeout: 60_000
  })
  return { status: ended.status, out: ended.stdout, said: ended.stderr }
}

describe("the package", () => {
  it("holds the program, and nothing of how it was made", () => {
    const strange = files.filter(
      (path) =>
        !/^(dist\/(cli|tako)\.cjs|dist\/library\/[\w/.-]+\.(d\.ts|js)|dist\/LICENSES\.txt|package\.json|LICENSE|README\.md|CHANGELOG\.md)$/.test(
          path
        )
    )
    assert.deepStrictEqual(strange, [])
    for (const path of ["dist/cli.cjs", "dist/tako.cjs", "dist/LICENSES.txt"]) {
      assert.include(files, path)
      assert.notInclude(Fs.readFileSync(Path.join(folder, "node_modules/tako", path), "utf8"), root)
    }
  })

  it("can be run, and asks for nothing but hash-wasm", () => {
    const { bin, dependencies } = JSON.parse(
      Fs.readFileSync(Path.join(folder, "node_modules/tako/package.json"), "utf8")
    )
    assert.deepStrictEqual(Object.keys(dependencies), ["hash-wasm"])
    const launcher = Path.join(folder, "node_modules/tako", bin.tako)
    assert.strictEqual(Fs.statSync(launcher).mode & 0o111, 0o111)
    assert.isTrue(Fs.readFileSync(launcher, "utf8").startsWith("#!/usr/bin/env node\n"))
  })

  it("keeps a secret, and hands it to a program", () => {
    assert.deepInclude(tako(["init"]), { status: 0, out: "" })
    const set = tako(["secrets", "set", "GREETING", "--env", "development"], "hello\n")
    assert.strictEqual(set.status, 0, set.said)
    assert.notInclude(set.said, passphrase)
    assert.deepInclude(tako(["secrets", "get", "GREETING", "--env", "development"]), {
      status: 0,
      out: "hello\n"
    })
    const read = 'console.log(JSON.parse(require("fs").readFileSync(3, "utf8")).secrets.GREETING)'
    const run = tako(["run", process.execPath, "-e", read])
    assert.deepStrictEqual(run, { status: 0, out: "hello\n", said: "" })
  })

  it("embeds: a program of ours over an embedder's own layers, and over ours in memory", () => {
    const script = Path.join(folder, "embedded.mjs")
    Fs.writeFileSync(
      script,
      `import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Layers, Names, Programs } from "tako"
import * as Testing from "tako/testing"
const place = { environment: Names.EnvironmentName("production"), secret: Names.SecretName("API_KEY") }
const program = Effect.gen(function* () {
  yield* Programs.set(place, Effect.succeed(Redacted.make("a value")), { allowEmpty: false })
  return Redacted.value(yield* Programs.get(place))
})
const inMemory = Testing.keySource.pipe(
  Layer.provideMerge(Layer.mergeAll(Testing.cipher, Testing.keyCache, Testing.keyDerivation, Testing.keyPins,
    Testing.passphraseWords, Testing.secretsFile, Testing.terminal({ isThere: false }))),
  Layer.provideMerge(Testing.project())
)
console.log(await Effect.runPromise(Effect.provide(program, inMemory)))
console.log(await Effect.runPromise(Effect.provide(program, Layers.secrets({ directory: process.argv[2] }))))
`
    )
    const project = Path.join(folder, "embedded")
    Fs.mkdirSync(project)
    const variables = { TAKO_HOME: Path.join(folder, "embedded-home"), TAKO_PASSPHRASE: passphrase }
    const printed = ChildProcess.execFileSync(process.execPath, [script, project], {
      env: { PATH: process.env.PATH, HOME: folder, ...variables },
      encoding: "utf8"
    })
    assert.strictEqual(printed, "a value\na value\n")
    assert.isTrue(Fs.existsSync(Path.join(project, ".tako/secrets.json")))
  })

  it("has types that fit an embedder's own, which are strict", () => {
    const typed = Path.join(folder, "typed.ts")
    Fs.writeFileSync(
      typed,
      `import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { type EnvironmentReplaced, Layers, Names, Programs } from "tako"
import * as Testing from "tako/testing"
export const value = Programs.get({
  environment: Names.EnvironmentName("production"),
  secret: Names.SecretName("DATABASE_URL")
}).pipe(Effect.provide(Layers.secrets({ directory: "." })))
export const check: Effect.Effect<Redacted.Redacted<string>, unknown> = value
export type Some = Extract<Effect.Effect.Error<typeof value>, EnvironmentReplaced>
export const terminal = Testing.terminal({ answers: ["y"] })
// @ts-expect-error: a name has to be one
Programs.get({ environment: "production", secret: "DATABASE_URL" })
`
    )
    const tsc = Path.join(root, "node_modules/typescript/bin/tsc")
    const options = [
      "--strict",
      "--exactOptionalPropertyTypes",
      "--noEmit",
      "--module",
      "nodenext",
      "--target",
      "es2022"
    ]
    const types = [
      "--typeRoots",
      Path.join(root, "node_modules/@types"),
      "--types",
      "node",
      "--skipLibCheck",
      "false"
    ]
    const checked = ChildProcess.spawnSync(process.execPath, [tsc, ...options, ...types, typed], {
      cwd: folder,
      encoding: "utf8"
    })
    assert.strictEqual(checked.stdout, "")
    assert.strictEqual(checked.status, 0)
  })
})
