import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { transformSync } from "esbuild"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { makeApp, runtime } from "./app.ts"

const root = Path.resolve(import.meta.dirname, "../../..")

let folder: string
beforeAll(() => {
  folder = makeApp({
    "good.ts": `import { env, handOver, isProd, port, type Secrets, secrets } from "./tako.gen"
export const url: string = secrets.DATABASE_URL
export const shown: "[REDACTED]" = secrets.toString()
export const about: readonly [string, boolean, number] = [env, isProd, port]
export const read = (from: Secrets): string => from.LARGE
export const fd: number = handOver((pipe) => pipe.fd)`,
    "misspelt.ts": `import { secrets } from "./tako.gen"; export const url = secrets.DATABASE_URI`,
    "assigned.ts": `import { secrets } from "./tako.gen"; secrets.DATABASE_URL = "x"`,
    "deleted.ts": `import { secrets } from "./tako.gen"; delete secrets.DATABASE_URL`,
    "node.ts": `import { fork, spawn } from "node:child_process"
import cluster from "node:cluster"
import { handOver } from "./tako.gen"
handOver(({ env, fd }) => spawn("node", ["a.js"], { env, stdio: ["inherit", "inherit", "inherit", fd] })).unref()
handOver(({ env, fd }) => fork("a.js", { env, stdio: ["inherit", "inherit", "inherit", fd, "ipc"] })).send("x")
handOver(({ env, fd }) => {
  cluster.setupPrimary({ stdio: ["inherit", "inherit", "inherit", fd, "ipc"] })
  return cluster.fork(env)
}).disconnect()`
  })
})
afterAll(() => Fs.rmSync(folder, { recursive: true, force: true }))

const strict = [
  "--noEmit --pretty false --declaration --module esnext --moduleResolution bundler --strict",
  "--exactOptionalPropertyTypes --noUncheckedIndexedAccess --noPropertyAccessFromIndexSignature",
  "--isolatedDeclarations --verbatimModuleSyntax --noUnusedLocals --noUnusedParameters --noImplicitReturns",
  "--noImplicitOverride --erasableSyntaxOnly"
].flatMap((line) => line.split(" "))

const compile = (file: string, options: string) => {
  const tsc = Path.join(root, "node_modules/typescript/bin/tsc")
  const typeRoots = options.includes("--types") ? Path.join(root, "node_modules/@types") : folder
  const { stdout } = spawnSync(
    process.execPath,
    [tsc, ...strict, "--typeRoots", typeRoots, ...options.split(" "), file],
    { cwd: folder, encoding: "utf8" }
  )
  return stdout
}

describe("the generated file", () => {
  it.each([
    ["without Node's types", "--target es2020 --lib es2020"],
    ["as Next.js sets one up", "--target es2017 --lib es2017,dom"],
    ["in a browser's project", "--target es2022 --lib es2022,dom"],
    ["with Node's types", "--target es2023 --types node --skipLibCheck"],
    ["with both", "--target esnext --lib esnext,dom --types node --skipLibCheck"]
  ])("compiles in the strictest project %s", (_, options) => {
    assert.strictEqual(compile("good.ts", options), "")
  })

  it("matches the type of Node's spawn options", () => {
    const options = "--target es2023 --lib es2023 --types node --skipLibCheck --isolatedDeclarations false"
    assert.strictEqual(compile("node.ts", options), "")
  })

  it.each([
    ["a misspelt name", "misspelt.ts", "TS2551: Property 'DATABASE_URI' does not exist on type 'Secrets'"],
    ["an assignment", "assigned.ts", "TS2540: Cannot assign to 'DATABASE_URL'"],
    ["a deletion", "deleted.ts", "TS2704: The operand of a 'delete' operator cannot be a read-only property"]
  ])("does not compile with %s", (_, file, message) => {
    const output = compile(file, "--target es2022 --lib es2022 --isolatedDeclarations false")
    assert.include(output, message)
    assert.strictEqual(
      output
        .trim()
        .split("\n")
        .filter((line) => line.includes("error")).length,
      1,
      output
    )
  })

  it("is small, imports nothing, and can be used by typegen as it is", () => {
    const text = Fs.readFileSync(runtime, "utf8")
    const { code } = transformSync(text, { loader: "ts", format: "esm", minify: true })
    assert.isBelow(Buffer.byteLength(code), 4096)
    assert.notMatch(code, /\b(?:import|require)\b/)
    // Every export begins a line and is a declaration, so typegen can drop the word "export".
    assert.notMatch(text, /^export (?!function |const |interface |type )/m)
  })
})
