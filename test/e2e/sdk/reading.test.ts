import * as Fs from "node:fs"
import * as Path from "node:path"
import { buildSync } from "esbuild"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { canary, envelope, makeApp, nodes, type Run, run } from "./app.ts"

const node = process.execPath
const root = Path.resolve(import.meta.dirname, "../../..")
const large = "x".repeat(3_000_000)

const reads = `import { secrets } from "./tako.gen.mjs"\n`
const tell = `console.log("read", secrets.DATABASE_URL)\n`

let folder: string
beforeAll(() => {
  folder = makeApp({
    "reads.ts": `import { secrets } from "./tako.gen.ts"; console.log("read", secrets.DATABASE_URL, secrets.LARGE.length)`,
    "message.mjs": `${reads}try { secrets.DATABASE_URL } catch ({ name, code, message }) { console.log(name, code, message) }`,
    "fork.mjs": `import { fork } from "node:child_process"; fork("reads.mjs")`,
    "cluster.mjs": `import cluster from "node:cluster"
if (cluster.isPrimary) cluster.fork().on("exit", () => {}); else { await import("./reads.mjs"); cluster.worker.disconnect() }`,
    "deep.mjs": `import { spawn } from "node:child_process"
const [command, ...args] = process.argv.slice(2)
spawn(process.execPath, command === undefined ? ["reads.mjs"] : ["deep.mjs", ...args], { stdio: "inherit" })`,
    "twice.mjs": `import { spawnSync } from "node:child_process"
for (const program of ["reads.mjs", "message.mjs"]) spawnSync(process.execPath, [program], { stdio: "inherit" })`,
    "often.mjs": `import { spawnSync } from "node:child_process"
for (let time = 0; time < 3; time++) spawnSync(process.execPath, ["reads.mjs"], { stdio: "inherit" })`,
    // Takes the secrets out of the pipe, and is slow to put them back.
    "slow.mjs": `import { spawn } from "node:child_process"; import { once } from "node:events"; import * as fs from "node:fs"
const text = fs.readFileSync(3)
const child = spawn(process.execPath, ["--import", "data:text/javascript,console.log('up')", "reads.mjs"], { stdio: ["ignore", "pipe", "inherit"] })
child.stdout.pipe(process.stdout)
await once(child.stdout, "data")
setTimeout(() => fs.writeFileSync("/proc/self/fd/3", text, { flag: fs.constants.O_WRONLY | fs.constants.O_NONBLOCK }), 150)
await once(child, "exit")`,
    "together.mjs": `import { spawn } from "node:child_process"
for (let one = 0; one < 8; one++) spawn(process.execPath, ["reads.mjs"], { stdio: "inherit" })`,
    "env.mjs": `import { env, handOver, isDev, isProd } from "./tako.gen.mjs"
import { spawn } from "node:child_process"; import { once } from "node:events"; import { isMainThread, Worker } from "node:worker_threads"
console.log(isMainThread, env, isDev, isProd)
if (isMainThread) await once(new Worker(new URL("./env.mjs", import.meta.url)), "exit")
if (process.argv[2]) handOver(({ env, fd }) => spawn(process.execPath, ["env.mjs"], { env, stdio: ["inherit", "inherit", "inherit", fd] }))`,
    "worker.mjs": `${reads}${tell}`,
    "workers.mjs": `${reads}import { Worker } from "node:worker_threads"
${tell}new Worker(new URL("./worker.mjs", import.meta.url)); new Worker(new URL("./nested.mjs", import.meta.url))`,
    "nested.mjs": `import { Worker } from "node:worker_threads"; new Worker(new URL("./worker.mjs", import.meta.url))`,
    "worker-first.mjs": `import { once } from "node:events"; import { Worker } from "node:worker_threads"
await Promise.all([1, 2].map(() => once(new Worker(new URL("./message.mjs", import.meta.url)), "exit")))
const { secrets } = await import("./tako.gen.mjs"); ${tell}`,
    "again.mjs": `${reads}${tell}const { secrets: again } = await import("./tako.gen.mjs?hot=1")
console.log("read", again.DATABASE_URL, again !== secrets)
const { runInNewContext } = await import("node:vm"); const fs = await import("node:fs")
const text = fs.readFileSync("tako.gen.mjs", "utf8").replace(/^export const/gm, "const").replace(/^export \\{[^}]*\\};?/gm, "")
console.log("read", runInNewContext(text + ";secrets.DATABASE_URL", { process, Symbol, Proxy }))`,
    "original.mjs": `import * as fs from "node:fs"
if (!fs.fstatSync(3).isFIFO()) throw new Error("not a FIFO")
const { token, secrets } = JSON.parse(fs.readFileSync(3, "utf8")); fs.closeSync(3)
console.log("read", secrets.DATABASE_URL, token.length > 0)`,
    "hands.mjs": `${reads}import { handOver } from "./tako.gen.mjs"
import { execFileSync, fork, spawn } from "node:child_process"; import cluster from "node:cluster"; import { once } from "node:events"
if (cluster.isWorker) { console.log("cluster", secrets.DATABASE_URL, secrets.LARGE.length); cluster.worker.disconnect() } else {
  const inherit = ["inherit", "inherit", "inherit"]
  const wait = (child) => once(child, "exit")
  await wait(handOver(({ env, fd }) => spawn(process.execPath, ["reads.mjs"], { env, stdio: [...inherit, fd] })))
  await wait(handOver(({ env, fd }) => spawn("npm", ["run", "--silent", "start"], { env, stdio: [...inherit, fd] })))
  await wait(handOver(({ env, fd }) => fork("reads.mjs", { env, stdio: [...inherit, fd, "ipc"] })))
  await wait(handOver(({ env, fd }) => spawn(process.execPath, ["original.mjs"], { env, stdio: [...inherit, fd] })))
  await Promise.all([1, 2].map(() => wait(handOver(({ env, fd }) => {
    cluster.setupPrimary({ stdio: [...inherit, fd, "ipc"] })
    return cluster.fork(env)
  }))))
  if (secrets.LARGE.length < 60_000) handOver(({ env, fd }) => execFileSync(process.execPath, ["reads.mjs"], { env, stdio: [...inherit, fd] }))
  // A program that reads nothing, one that does not exist, and a callback that throws: none may leave anything behind.
  await wait(handOver(({ env, fd }) => spawn("true", { env, stdio: [...inherit, fd] })))
  await once(handOver(({ env, fd }) => spawn("/nowhere", { env, stdio: [...inherit, fd] })), "error")
  try { handOver(() => { throw new Error("no") }) } catch ({ message }) { console.log(message) }
  const { readdirSync } = await import("node:fs")
  console.log("left", readdirSync(process.env.TMPDIR).filter((name) => name.startsWith("tako-")).length)
  await wait(spawn(process.execPath, ["message.mjs"], { stdio: [...inherit, "pipe"] }))
}`,
    "beside.ts": `import { secrets } from "./tako.gen.ts"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { layer } from ${JSON.stringify(Path.join(root, "src/main/library/effect.ts"))}
import { loadSecrets } from ${JSON.stringify(Path.join(root, "src/main/sdk/runtime.ts"))}
const program = Effect.all([Config.redacted("DATABASE_URL"), Config.port("PORT")])
const [url, port] = Effect.runSync(Effect.provide(program, layer))
console.log("read", secrets.DATABASE_URL, Redacted.value(url), port, loadSecrets().DATABASE_URL, String(url))`
  })
  // One program with two copies of the runtime and tako/effect.
  buildSync({
    entryPoints: [Path.join(folder, "beside.ts")],
    outfile: Path.join(folder, "beside.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    nodePaths: [Path.join(root, "node_modules")]
  })
  Fs.mkdirSync(Path.join(folder, "tmp"))
})
afterAll(() => Fs.rmSync(folder, { recursive: true, force: true }))

const read = async (
  command: readonly [string, ...ReadonlyArray<string>],
  options: Omit<Run, "directory"> = {}
) => {
  const { code, stdout, stderr } = await run(command, { directory: folder, ...options })
  assert.strictEqual(code, 0, stderr || stdout)
  return stdout
}

const readLarge = async (command: readonly [string, ...ReadonlyArray<string>]) =>
  assert.include(
    await read(command, { sent: envelope({ LARGE: large }) }),
    `read ${canary} ${large.length}\n`
  )

describe.each(nodes)("%s reads", (node) => {
  const PATH = `${Path.dirname(node)}:${process.env.PATH}`

  it("fd 3, with 3 MB, and pipes that launchers closed: fork, cluster, three levels, npm run", async () => {
    await readLarge([node, "reads.mjs"])
    await readLarge([node, "fork.mjs"])
    await readLarge([node, "cluster.mjs"])
    await readLarge([node, "deep.mjs", "1", "2"])
    const stdout = await read(["npm", "run", "start"], { variables: { PATH } })
    assert.include(stdout, `read ${canary} 0\n`)
  })

  it("for its workers, two at once and one within another, and for copies of itself", async () => {
    assert.strictEqual(await read([node, "workers.mjs"]), `read ${canary}\n`.repeat(3))
    assert.strictEqual(
      await read([node, "again.mjs"]),
      `read ${canary}\nread ${canary} true\nread ${canary}\n`
    )
    assert.strictEqual(
      await read([node, "beside.mjs"], { variables: { PORT: "8080" } }),
      `read ${canary} ${canary} 8080 ${canary} <redacted>\n`
    )
  })

  it("again under tako dev, if the secrets fit into the pipe", async () => {
    const variables = { TAKO_BUILD: "dev" }
    assert.strictEqual(await read([node, "often.mjs"], { variables }), `read ${canary} 0\n`.repeat(3))
    const stdout = await read([node, "twice.mjs"], { variables, sent: envelope({ LARGE: large }) })
    assert.include(stdout, `read ${canary} ${large.length}\nTakoError TAKO_READ_BEFORE`)
  })

  it.runIf(process.platform === "linux")(
    "under tako dev while other processes read at the same time",
    async () => {
      const variables = { TAKO_BUILD: "dev" }
      assert.include(await read([node, "slow.mjs"], { variables }), `read ${canary} 0\n`)
      const LARGE = "x".repeat(40_000)
      const stdout = await read([node, "together.mjs"], { variables, sent: envelope({ LARGE }) })
      assert.strictEqual(stdout, `read ${canary} ${LARGE.length}\n`.repeat(8))
    }
  )

  it("the environment's name, whatever the variables say, in workers and other processes", async () => {
    const variables = { ENV: "/etc/profile", NODE_ENV: "development" }
    const sent = envelope({}, "production")
    assert.strictEqual(
      await read([node, "env.mjs", "on"], { sent, variables }),
      "true production false true\nfalse production false true\n".repeat(2)
    )
  })

  it("for its child processes", async () => {
    const TMPDIR = Path.join(folder, "tmp")
    const expected = (length: number) =>
      [
        `read ${canary} ${length}`,
        `read ${canary} ${length}`,
        `read ${canary} ${length}`,
        `read ${canary} true`,
        `cluster ${canary} ${length}`,
        `cluster ${canary} ${length}`,
        ...(length === 0 ? [`read ${canary} ${length}`] : []),
        "no",
        "left 0"
      ].join("\n")
    for (const LARGE of ["", large]) {
      const stdout = await read([node, "hands.mjs"], {
        sent: envelope({ LARGE }),
        variables: { PATH, TMPDIR }
      })
      const [delivered, undelivered] = stdout.split("\nTakoError ")
      assert.strictEqual(delivered, expected(LARGE.length))
      assert.include(undelivered, "TAKO_NOT_STARTED")
    }
  })
})

describe("launchers", () => {
  it("npx, node --watch", async () => {
    await readLarge(["npx", "--offline", "-c", "node reads.mjs"])
    let seen = ""
    await run([node, "--watch", "--no-warnings", "reads.mjs"], {
      directory: folder,
      watch: (child, stdout) => {
        seen = stdout
        if (stdout.includes("read ")) child.kill("SIGTERM")
      }
    })
    assert.include(seen, `read ${canary} 0\n`)
  })

  it("tsx", async (context) => {
    const tsx = process.env.TAKO_TSX
    if (!tsx && process.env.CI) throw new Error("TAKO_TSX has to name tsx in CI")
    if (!tsx) return context.skip()
    await readLarge([node, tsx, "reads.ts"])
  })

  it("and the original SDK reads the same envelope", async () => {
    assert.strictEqual(await read([node, "original.mjs"]), `read ${canary} true\n`)
  })
})

describe("reports what is wrong and what to type:", () => {
  const messageOf = async (
    options: Omit<Run, "directory">,
    command: readonly [string, string] = [node, "message.mjs"]
  ) => {
    const stdout = await read(command, options)
    assert.notInclude(stdout, canary)
    return stdout
  }
  const begin = "DATABASE_URL cannot be read: "
  const type = "Start it with: tako run -- node "

  it("without tako", async () => {
    const stdout = await messageOf({ sent: null })
    assert.include(
      stdout,
      `TAKO_NOT_STARTED ${begin}neither tako nor handOver started this process.\n${type}`
    )
    assert.include(stdout, "message.mjs")
    // What is not secret is available all the same.
    const about = `import { build, dataDir, env, host, isDev, isProd, port } from "./tako.gen.mjs"; console.log(env, isDev, isProd, port, host, build, dataDir)`
    Fs.writeFileSync(Path.join(folder, "about.mjs"), about)
    const plain = await read([node, "about.mjs"], { sent: null })
    assert.strictEqual(plain, "development true false 3000 127.0.0.1 dev .tako/data\n")
    const variables = { ENV: "production", PORT: "0", HOST: "::", TAKO_BUILD: "b1", TAKO_DATA_DIR: "/data" }
    const served = await read([node, "about.mjs"], { sent: null, variables })
    assert.strictEqual(served, "production false true 0 :: b1 /data\n")
  })

  it("another FIFO on fd 3, and leaves it alone", async () => {
    const stdout = await messageOf({ fd3: "foreign" })
    assert.include(stdout, `TAKO_FOREIGN ${begin}fd 3 is a pipe, but not tako's.\n${type}`)
  })

  it("fd 3 closed, with the launcher's name", async () => {
    assert.include(
      await messageOf({ fd3: "closed" }),
      `TAKO_CLOSED ${begin}a launcher closed tako's pipe, fd 3.`
    )
    const variables = { npm_lifecycle_event: "dev" }
    assert.include(await messageOf({ fd3: "closed", variables }), "npm run dev closed tako's pipe")
  })

  it("already read, by another process", async () => {
    const stdout = await read([node, "twice.mjs"])
    assert.include(stdout, `read ${canary} 0\nTakoError TAKO_READ_BEFORE ${begin}they were already read`)
    assert.include(stdout, "tako dev")
  })

  it("cut off, or not an envelope", async () => {
    for (const sent of [
      envelope().slice(0, -9),
      "null",
      '{"token":"t"}',
      '{"token":"t","secrets":{"DATABASE_URL":1}}'
    ]) {
      assert.include(await messageOf({ sent }), `TAKO_DAMAGED ${begin}they arrived cut off`)
    }
  })

  it("a worker that reads before the main thread, which can still read afterwards", async () => {
    const stdout = await read([node, "worker-first.mjs"])
    const worker = `TakoError TAKO_WORKER_FIRST ${begin}the main thread has not read them.\n`
    assert.strictEqual(stdout.split(worker).length, 3)
    assert.isTrue(stdout.endsWith(`read ${canary}\n`))
  })

  it("an edge runtime, and a Node without getBuiltinModule", async () => {
    for (const refusing of ["() => { throw new Error('not supported in the Edge Runtime') }", "undefined"]) {
      Fs.writeFileSync(
        Path.join(folder, "edge.mjs"),
        `process.getBuiltinModule = ${refusing}; await import("./message.mjs")
console.log(String((await import("./tako.gen.mjs")).secrets))`
      )
      const stdout = await messageOf({}, [node, "edge.mjs"])
      assert.include(
        stdout,
        `TAKO_SERVER_ONLY ${begin}a browser or edge runtime has no secrets.\nRead it in Node`
      )
      assert.include(stdout, "[REDACTED]")
    }
  })

  it("a secret that was not delivered, with the environment", async () => {
    Fs.writeFileSync(
      Path.join(folder, "missing.mjs"),
      `${reads}try { secrets.STRIPE_KEY } catch ({ message }) { console.log(message) }`
    )
    assert.strictEqual(
      await read([node, "missing.mjs"]),
      "STRIPE_KEY was not delivered: staging does not have it.\n" +
        "Set it, then start again: tako secrets set STRIPE_KEY --env staging\n"
    )
  })

  it("no environment if none was sent: ENV and NODE_ENV apply", async () => {
    const of = (environment: string) => `true ${environment}\nfalse ${environment}\n`
    const variables = { ENV: "production", NODE_ENV: "test" }
    const sent = '{"token":"t","secrets":{}}'
    assert.strictEqual(await read([node, "env.mjs"], { sent, variables }), of("production false true"))
    assert.strictEqual(
      await read([node, "env.mjs"], { sent: null, variables: { NODE_ENV: "test" } }),
      of("test false false")
    )
    assert.strictEqual(await read([node, "env.mjs"], { sent: "{" }), of("development true false"))
  })
})
