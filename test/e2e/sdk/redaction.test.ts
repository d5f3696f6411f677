import * as Fs from "node:fs"
import * as Path from "node:path"
import { buildSync } from "esbuild"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { canary, makeApp, nodes, run } from "./app.ts"
import { probe } from "./probe.ts"

let folder: string

beforeAll(() => {
  folder = makeApp({
    "probe.mjs": `import { secrets } from "./tako.gen.mjs"${probe}`,
    "probe.ts": `import { secrets } from "./tako.gen.ts"${probe}`
  })
  buildSync({
    entryPoints: [Path.join(folder, "probe.ts")],
    outfile: Path.join(folder, "bundle.mjs"),
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node20"
  })
})
afterAll(() => Fs.rmSync(folder, { recursive: true, force: true }))

const look = async (command: readonly [string, ...ReadonlyArray<string>]) => {
  const { code, stdout, stderr } = await run([...command, [...canary].reverse().join("")], {
    directory: folder
  })
  assert.strictEqual(code, 0, stderr)
  return JSON.parse(stdout)
}

const redacted = (seen: Record<string, unknown>) => {
  assert.deepInclude(seen, {
    value: true,
    leaked: false,
    String: "[REDACTED]",
    template: "[REDACTED]",
    concatenated: "[REDACTED]",
    JSON: '{"secrets":"[REDACTED]"}',
    inspect: "[REDACTED]",
    inside: "{ secrets: [REDACTED] }",
    "%o": "Proxy [ [REDACTED], [REDACTED] ]",
    "%O %s %j": '[REDACTED] [REDACTED] "[REDACTED]"',
    spread: {},
    entries: [],
    names: [],
    "for in": [],
    descriptors: {},
    descriptor: "none",
    assigned: {},
    cloned: "threw DataCloneError",
    set: "threw TakoError",
    "set sloppily": "threw TakoError",
    delete: "threw TakoError",
    "delete sloppily": "threw TakoError",
    define: "threw TypeError",
    setPrototypeOf: "threw TypeError",
    undelivered: "threw TakoError",
    "undelivered message":
      "PRODUCTION_ONLY was not delivered: staging does not have it.\n" +
      "Set it, then start again: tako secrets set PRODUCTION_ONLY --env staging",
    in: [true, false, false],
    others: [],
    awaited: "fine",
    bag: false,
    "global keys": false,
    report: false,
    environment: ["none", false],
    "in a worker": false
  })
  assert.include(String(seen.assertion), "AssertionError")
}

describe.each(nodes)("secrets under %s", (node) => {
  it("show nothing, however they are printed", async () => redacted(await look([node, "probe.mjs"])))

  it("show nothing in a minified bundle", async () => redacted(await look([node, "bundle.mjs"])))
})

it("show nothing in TypeScript that Node strips itself", async (context) => {
  const stripping = nodes.slice(1)
  if (stripping.length === 0) return context.skip()
  for (const node of stripping)
    redacted(await look([node, "--experimental-strip-types", "--no-warnings", "probe.ts"]))
})

it("show nothing in the diffs of vitest's and Node's assertions", () => {
  const bag = () => ({ token: "", secrets: { DATABASE_URL: canary } })
  Object.defineProperty(globalThis, Symbol.for("tako/fd3/v1"), { value: bag })
  return import("../../../src/main/sdk/runtime.ts").then(async ({ loadSecrets }) => {
    const secrets = loadSecrets<{ readonly DATABASE_URL: string }>()
    const { expect } = await import("vitest")
    const { inspect } = await import("node:util")
    assert.strictEqual(secrets.DATABASE_URL, canary)
    const { equal } = await import("node:assert/strict")
    for (const fail of [
      () => expect(secrets).toEqual({ DATABASE_URL: "x" }),
      () => expect(secrets).toStrictEqual({ DATABASE_URL: "x" }),
      () => expect(secrets).toMatchObject({ OTHER: "x" }),
      () => expect({ secrets }).toBe(1),
      () => assert.deepEqual(secrets as object, { DATABASE_URL: "x" }),
      () => equal(secrets, "x")
    ]) {
      let error: unknown
      try {
        fail()
      } catch (thrown) {
        error = thrown
      }
      assert.instanceOf(error, Error)
      const { message, diff, actual, expected } = error as Error & Record<string, unknown>
      for (const text of [message, diff, inspect([error, actual, expected], { depth: 9, showHidden: true })])
        assert.notInclude(String(text), canary)
    }
  })
})
