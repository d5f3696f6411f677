import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import { makeSandbox, passphrase, sandboxWith } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"

const variables = { TAKO_PASSPHRASE: passphrase }
const tsc = Path.resolve(import.meta.dirname, "../../../node_modules/typescript/bin/tsc")
const types = Path.resolve(import.meta.dirname, "../../../node_modules/@types")

/** Every option that a strict project may have switched on. */
const strict = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitReturns: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  erasableSyntaxOnly: true,
  skipLibCheck: false,
  noEmit: true
}

const surroundings = {
  node: { module: "NodeNext", target: "ES2023", lib: ["ES2023"], types: ["node"], typeRoots: [types] },
  browser: {
    module: "ESNext",
    moduleResolution: "Bundler",
    target: "ES2022",
    lib: ["ES2022", "DOM"],
    types: []
  },
  declared: {
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2022"],
    types: [],
    isolatedDeclarations: true,
    declaration: true
  }
}

const check = (folder: string, options: object, file: string) => {
  Fs.writeFileSync(
    Path.join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...strict, ...options }, files: [file] })
  )
  return ChildProcess.spawnSync(process.execPath, [tsc, "--project", folder], { encoding: "utf8" }).stdout
}

describe("typegen", () => {
  it("keeps up with names that are set and removed, and compiles in any folder", async () => {
    const { project, tako } = await makeSandbox()
    Fs.writeFileSync(Path.join(project, "package.json"), '{ "type": "module" }')
    Fs.mkdirSync(Path.join(project, "src"))
    const set = (name: string, environment: string) =>
      tako(["secrets", "set", name, "--env", environment, "--create"], { stdin: "canary", variables })
    assert.notInclude((await set("STRIPE_KEY", "production")).stderr, "tako.gen.ts")
    const missing = await tako(["typegen", "--check", "--json"])
    assert.deepStrictEqual(
      [missing.code, JSON.parse(missing.stdout)],
      [1, { files: [{ path: "src/tako.gen.ts", language: "ts", state: "missing" }] }]
    )
    assert.deepInclude(await tako(["typegen"]), { code: 0, stdout: "", stderr: "Created src/tako.gen.ts\n" })
    assert.match((await set("DATABASE_URL", "development")).stderr, /\nUpdated src\/tako\.gen\.ts\n$/)
    assert.notInclude((await set("DATABASE_URL", "development")).stderr, "tako.gen.ts")
    const current = await tako(["typegen", "--check"])
    assert.deepStrictEqual([current.code, current.stderr], [0, "Unchanged: src/tako.gen.ts\n"])

    const generated = Path.join(project, "src/tako.gen.ts")
    assert.notInclude(Fs.readFileSync(generated, "utf8"), "canary")
    for (const [name, options] of Object.entries(surroundings)) {
      assert.strictEqual(check(project, options, "src/tako.gen.ts"), "", name)
    }
    Fs.writeFileSync(
      Path.join(project, "src/app.ts"),
      `import { build, dataDir, env, handOver, host, isDev, isProd, port, secrets } from "./tako.gen.js"
export const used: ReadonlyArray<string> = [secrets.STRIPE_KEY, build, dataDir, env, host]
export const rest: readonly [boolean, boolean, number, unknown] = [isDev, isProd, port, handOver]
export const shown: "[REDACTED]" = secrets.toString()
// @ts-expect-error: misspelt
secrets.STRIPE_KEI
// @ts-expect-error: assigned
secrets.STRIPE_KEY = "x"
// @ts-expect-error: deleted
delete secrets.STRIPE_KEY
`
    )
    assert.strictEqual(check(project, surroundings.node, "src/app.ts"), "")

    const removed = await tako(["secrets", "rm", "STRIPE_KEY", "--env", "production", "--yes"])
    assert.match(removed.stderr, /\nUpdated src\/tako\.gen\.ts\n$/)
    assert.include(
      check(project, surroundings.node, "src/app.ts"),
      "'STRIPE_KEY' does not exist on type 'Secrets'"
    )
    // A failed refresh must not undo the command itself.
    Fs.rmSync(generated)
    Fs.symlinkSync("/etc/hostname", generated)
    const linked = await set("OTHER", "development")
    assert.strictEqual(linked.code, 0)
    assert.match(
      linked.stderr,
      /^Set secret OTHER .*\nwarning: The types were not updated\. .*leads out of the project/
    )
  })

  it("updates an existing file after init and key rotate, and creates none", async () => {
    const { project, tako } = await sandboxWith({ development: { DATABASE_URL: "canary" } })
    const generated = Path.join(project, "tako.gen.ts")
    assert.strictEqual((await tako(["init"])).code, 0)
    assert.isFalse(Fs.existsSync(generated))
    for (const step of [
      ["init"],
      ["secrets", "key", "rotate", "--env", "development", "--same-passphrase"]
    ]) {
      Fs.writeFileSync(generated, "old")
      const { code, stderr } = await tako(step, { variables })
      assert.strictEqual(code, 0, stderr)
      assert.include(stderr, "Updated tako.gen.ts\n")
      assert.include(Fs.readFileSync(generated, "utf8"), "readonly DATABASE_URL: string")
    }
  })

  it.skipIf(!needs("go"))("writes Go that passes gofmt and go vet", async () => {
    const { folder, project, tako } = await makeSandbox()
    Fs.writeFileSync(Path.join(project, "go.mod"), "module example.com/shop\n\ngo 1.19\n")
    Fs.writeFileSync(Path.join(project, "shop.go"), "package shop\n\nvar Key = Secrets.StripeKey\n")
    const set = (name: string) =>
      tako(["secrets", "set", name, "--env", "development", "--create"], { stdin: "canary", variables })
    await set("STRIPE_KEY")
    await set("A_B")
    assert.strictEqual((await tako(["typegen"])).stderr, "Created tako_secrets.go\n")
    const go = (...args: ReadonlyArray<string>) =>
      ChildProcess.spawnSync(args[0] as string, args.slice(1), {
        cwd: project,
        encoding: "utf8",
        env: { ...process.env, GOCACHE: process.env.GOCACHE ?? Path.join(folder, "gocache"), GOFLAGS: "" }
      })
    assert.strictEqual(go("gofmt", "-l", ".").stdout, "")
    assert.deepInclude(go("go", "vet", "."), { status: 0, stderr: "" })
    const collided = await set("A__B")
    assert.strictEqual(collided.code, 0)
    assert.include(
      collided.stderr,
      "warning: The types were not updated. A_B and A__B would both be Secrets.AB in Go."
    )
    assert.strictEqual((await tako(["typegen", "--check"])).code, 1)
  })
})
