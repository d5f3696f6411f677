import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Esbuild from "esbuild"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

const root = Path.resolve(import.meta.dirname, "../..")
const passphrase = "canary-of-the-package-test"

let folder: string
let files: ReadonlyArray<string>

// Unpacks the tarball as `npm install` would, but without a registry: hash-wasm comes from this checkout.
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
  // effect is an embedder's peer dependency.
  for (const name of ["hash-wasm", "effect"]) {
    Fs.symlinkSync(Path.join(root, "node_modules", name), Path.join(modules, name))
  }
  Fs.mkdirSync(Path.join(folder, "project"))
  Fs.mkdirSync(Path.join(folder, "home"))
})
afterAll(() => Fs.rmSync(folder, { recursive: true, force: true }))

/** Runs a script in the project, with a home of its own. */
const start = (script: string, commandLine: ReadonlyArray<string> = [], input = "") =>
  ChildProcess.spawnSync(process.execPath, [script, ...commandLine], {
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

const tako = (commandLine: ReadonlyArray<string>, input = "") => {
  const ended = start(Path.join(folder, "node_modules/tako/dist/tako.cjs"), commandLine, input)
  return { status: ended.status, stdout: ended.stdout, stderr: ended.stderr }
}

/** Type-checks files as an embedder's strict project does, our declarations included. */
const typeCheck = (sources: ReadonlyArray<string>, types: "node" | "none" = "node") => {
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
  const strictly = [
    "--typeRoots",
    types === "node" ? Path.join(root, "node_modules/@types") : Path.join(folder, "no-types"),
    "--types",
    types === "node" ? types : "",
    "--skipLibCheck",
    "false"
  ]
  const { status, stdout } = ChildProcess.spawnSync(
    process.execPath,
    [tsc, ...options, ...strictly, ...sources],
    { cwd: folder, encoding: "utf8" }
  )
  return { status, stdout }
}

describe("the package", () => {
  it("contains the program, and none of its sources or tools", () => {
    const strange = files.filter(
      (path) =>
        !/^(dist\/(cli|complete|ssh2|tako|tako-server)\.cjs|dist\/library\/[\w/.-]+\.(d\.ts|js)|dist\/LICENSES\.txt|package\.json|LICENSE|README\.md|CHANGELOG\.md)$/.test(
          path
        )
    )
    assert.deepStrictEqual(strange, [])
    for (const path of [
      "dist/cli.cjs",
      "dist/complete.cjs",
      "dist/ssh2.cjs",
      "dist/tako.cjs",
      "dist/tako-server.cjs",
      "dist/LICENSES.txt"
    ]) {
      assert.include(files, path)
      assert.notInclude(Fs.readFileSync(Path.join(folder, "node_modules/tako", path), "utf8"), root)
    }
  })

  it("runs, and depends on nothing but hash-wasm", () => {
    const { bin, dependencies } = JSON.parse(
      Fs.readFileSync(Path.join(folder, "node_modules/tako/package.json"), "utf8")
    )
    assert.deepStrictEqual(Object.keys(dependencies), ["hash-wasm"])
    const launcher = Path.join(folder, "node_modules/tako", bin.tako)
    assert.strictEqual(Fs.statSync(launcher).mode & 0o111, 0o111)
    assert.isTrue(Fs.readFileSync(launcher, "utf8").startsWith("#!/usr/bin/env node\n"))
  })

  it("stores a secret, and hands it to a program", () => {
    assert.deepInclude(tako(["init"]), { status: 0, stdout: "" })
    const set = tako(["secrets", "set", "GREETING", "--env", "development"], "hello\n")
    assert.strictEqual(set.status, 0, set.stderr)
    assert.notInclude(set.stderr, passphrase)
    assert.deepInclude(tako(["secrets", "get", "GREETING", "--env", "development"]), {
      status: 0,
      stdout: "hello\n"
    })
    const read = 'console.log(JSON.parse(require("fs").readFileSync(3, "utf8")).secrets.GREETING)'
    const run = tako(["run", process.execPath, "-e", read])
    assert.deepStrictEqual(run, { status: 0, stdout: "hello\n", stderr: "" })
  })

  it("reads secrets in an app, with tako/runtime, which imports nothing, and with tako/effect", () => {
    const app = (name: string, text: string) => {
      const source = Path.join(folder, `${name}.ts`)
      Fs.writeFileSync(source, text)
      const { code } = Esbuild.transformSync(text, { loader: "ts" })
      Fs.writeFileSync(source.replace(/ts$/, "mjs"), code)
      return source
    }
    const alone = app(
      "alone",
      `import { dataDir, env, handOver, isDev, loadSecrets, port } from "tako/runtime"
const secrets = loadSecrets<{ readonly GREETING: string }>()
export const given: string = secrets.GREETING
export const settings: readonly [string, boolean, number, string] = [env, isDev, port, dataDir]
export const fd: number = handOver((pipe) => pipe.fd)
// @ts-expect-error: it is misspelt
secrets.GREETINGS
`
    )
    // With the browser's types, and without those of Node or Effect.
    assert.deepStrictEqual(typeCheck([alone], "none"), { status: 0, stdout: "" })
    const both = app(
      "both",
      `import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { layer, SecretsUnavailable } from "tako/effect"
import { loadSecrets } from "tako/runtime"
const program = Effect.gen(function* () {
  const greeting = yield* Config.redacted("GREETING")
  return [Redacted.value(greeting), yield* Config.port("PORT"), String(greeting)]
}).pipe(Effect.catchTag("ConfigError", () => Effect.succeed([])), Effect.provide(layer))
export const check: Effect.Effect<ReadonlyArray<string | number>, SecretsUnavailable> = program
const secrets = loadSecrets<{ readonly GREETING: string }>()
Effect.runPromise(program).then((configured) => console.log(secrets.GREETING, ...configured))
`
    )
    assert.deepStrictEqual(typeCheck([both]), { status: 0, stdout: "" })
    const under = (script: string) =>
      tako(["run", "env", "PORT=4000", process.execPath, Path.join(folder, script)])
    assert.deepStrictEqual(under("both.mjs"), {
      status: 0,
      stdout: "hello hello 4000 <redacted>\n",
      stderr: ""
    })
    assert.match(
      start(Path.join(folder, "alone.mjs")).stderr,
      /GREETING cannot be read: neither tako nor handOver started this process/
    )
  })

  it("can be embedded: a program over an embedder's own layers, and over in-memory ones", () => {
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

  it("compiles and runs the examples", () => {
    const examples = Path.join(root, "examples")
    const sources = Fs.readdirSync(examples).map((name) => Path.join(folder, name))
    for (const source of sources) Fs.copyFileSync(Path.join(examples, Path.basename(source)), source)
    assert.deepStrictEqual(typeCheck(sources), { status: 0, stdout: "" })
    const url = "postgres://app:canary@db.internal/shop"
    const set = tako(["secrets", "set", "DATABASE_URL", "--env", "production", "--create"], url)
    assert.strictEqual(set.status, 0, set.stderr)
    const printed = sources.map((source) => {
      const script = source.replace(/ts$/, "mjs")
      const { code } = Esbuild.transformSync(Fs.readFileSync(source, "utf8"), { loader: "ts" })
      Fs.writeFileSync(script, code)
      const { stdout, stderr } = start(script)
      return [Path.basename(source), stdout, stderr]
    })
    assert.deepStrictEqual(printed, [
      ["docker-exec-transport.ts", "", ""],
      ["keychain-key-cache.ts", "", ""],
      ["own-key-cache.ts", "db.internal 1\n", ""],
      ["read-a-secret.ts", "db.internal\n", ""]
    ])
  })

  it("exports Transport's contract, which the docker exec example passes", () => {
    // This script stands in for docker: it runs the command "in the container", where socat is a few lines of Node.
    const programs = Path.join(folder, "programs")
    Fs.mkdirSync(programs)
    const program = (name: string, lines: ReadonlyArray<string>) =>
      Fs.writeFileSync(Path.join(programs, name), `${lines.join("\n")}\n`, { mode: 0o755 })
    program("docker", [
      "#!/bin/sh",
      '[ "$1 $2 $3" = "exec -i shop-tako-1" ] || exit 125',
      "shift 3",
      'exec "$@"'
    ])
    program("socat", [
      `#!${process.execPath}`,
      'const socket = require("net").connect(process.argv[3].replace("UNIX-CONNECT:", ""))',
      'socket.on("error", (error) => { console.error(String(error)); process.exit(1) })',
      "process.stdin.pipe(socket).pipe(process.stdout)"
    ])
    const source = Path.join(folder, "contract.ts")
    Fs.writeFileSync(
      source,
      `import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { Layers, Management } from "tako"
import * as Testing from "tako/testing"
import { type ContainerTarget, dockerExec } from "./docker-exec-transport.js"
const server = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "tako-contract-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
  const path = join(folder, "s")
  yield* Effect.flatMap(Management, ({ serve }) => serve(Testing.transportContractHandler)).pipe(
    Effect.provide(Layers.management({ path }))
  )
  const target: ContainerTarget = { _tag: "Custom/docker-exec", name: "shop", container: "shop-tako-1", socket: path }
  const nobody: ContainerTarget = { ...target, name: "nobody", socket: path + "-not" }
  return { transport: Layers.transportBy({ "Custom/docker-exec": dockerExec() }), target, nobody, absentStage: "socket" as const }
})
for (const { name, run } of Testing.transportContract(server)) {
  Effect.runPromise(Effect.scoped(run)).then(() => console.log("ok " + name), (error) => console.log("failed " + name, error))
}
`
    )
    const example = Path.join(folder, "docker-exec-transport.ts")
    Fs.copyFileSync(Path.join(root, "examples/docker-exec-transport.ts"), example)
    assert.deepStrictEqual(typeCheck([source, example]), { status: 0, stdout: "" })
    const script = Path.join(folder, "contract.mjs")
    for (const [from, to] of [
      [source, script],
      [example, Path.join(folder, "docker-exec-transport.mjs")]
    ] as const) {
      const { code } = Esbuild.transformSync(Fs.readFileSync(from, "utf8"), { loader: "ts" })
      Fs.writeFileSync(to, code.replace("./docker-exec-transport.js", "./docker-exec-transport.mjs"))
    }
    const { stdout, stderr } = ChildProcess.spawnSync(process.execPath, [script], {
      env: { PATH: `${programs}:${process.env.PATH}` },
      encoding: "utf8",
      timeout: 60_000
    })
    assert.strictEqual(stderr, "")
    assert.deepStrictEqual(stdout.trim().split("\n").sort(), [
      "ok carries requests and replies, one after another",
      "ok reports that nothing listens",
      "ok returns a refusal without changing it",
      "ok waits no longer than the timeout"
    ])
  })

  it("has types that compile in a strict embedder", () => {
    const typed = Path.join(folder, "typed.ts")
    Fs.writeFileSync(
      typed,
      `import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
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
declare const options: Programs.DevOptions
export const dev: Effect.Effect<{ readonly _tag: "Exited" | "Signalled" }, unknown> = Programs.dev(options).pipe(
  Effect.provide(Layer.merge(Layers.development({ directory: "." }), Layers.signals))
)
// @ts-expect-error: a name has to be one
Programs.get({ environment: "production", secret: "DATABASE_URL" })
`
    )
    assert.deepStrictEqual(typeCheck([typed]), { status: 0, stdout: "" })
  })
})
