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
  const packed = ChildProcess.execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"]
  })
  const [{ filename, files: listed }] = JSON.parse(packed.slice(packed.indexOf("[")))
  files = listed.map(({ path }: { readonly path: string }) => path)
  const modules = Path.join(folder, "node_modules")
  Fs.mkdirSync(modules)
  ChildProcess.execFileSync("tar", ["-xzf", Path.join(folder, filename), "-C", modules])
  Fs.renameSync(Path.join(modules, "package"), Path.join(modules, "tako"))
  Fs.symlinkSync(Path.join(root, "node_modules/hash-wasm"), Path.join(modules, "hash-wasm"))
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
        !/^(dist\/(cli|tako)\.cjs|dist\/LICENSES\.txt|package\.json|LICENSE|README\.md|CHANGELOG\.md)$/.test(
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
})
