import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { transformSync } from "esbuild"
import { omitUndefined } from "../../../src/domain/omit-undefined.ts"
import { openPipe } from "../../../src/services/process-spawner/pipes.ts"

/** Must never appear, except where a program asks for it by name. */
export const canary = "canary-7f3a"

export const runtime = Path.resolve(import.meta.dirname, "../../../src/main/sdk/runtime.ts")

/** The generated file as `tako typegen` lays it out: the runtime, then what is this project's. */
export const generated = `${Fs.readFileSync(runtime, "utf8").replaceAll(/^export /gm, "")}
export interface Secrets {
  readonly DATABASE_URL: string
  readonly LARGE: string
  readonly PRODUCTION_ONLY: string
  toString(): "[REDACTED]"
  toJSON(): "[REDACTED]"
}
export const secrets: Secrets = loadSecrets<Secrets>()
export { build, dataDir, env, handOver, host, isDev, isProd, port }
`

/** A folder with that file, as TypeScript and as JavaScript, and these programs. */
export const makeApp = (programs: Readonly<Record<string, string>> = {}): string => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-sdk-"))
  const scripts = { start: "node reads.mjs" }
  const files = {
    "package.json": JSON.stringify({ name: "app", type: "module", scripts }),
    "tako.gen.ts": generated,
    "tako.gen.mjs": transformSync(generated, { loader: "ts", target: "node20" }).code,
    "reads.mjs": `import { secrets } from "./tako.gen.mjs"; console.log("read", secrets.DATABASE_URL, secrets.LARGE.length)`,
    ...programs
  }
  for (const [name, text] of Object.entries(files)) Fs.writeFileSync(Path.join(folder, name), text)
  return folder
}

export const envelope = (
  secrets: Readonly<Record<string, string>> = {},
  environment: string | undefined = "staging"
): string =>
  JSON.stringify({ token: "t", secrets: { DATABASE_URL: canary, LARGE: "", ...secrets }, environment })

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly said: string
}

export interface Run {
  readonly directory: string
  /** What is in the pipe; null for no pipe at all. */
  readonly sent?: string | null
  readonly variables?: Readonly<Record<string, string>>
  /** What is on fd 3 instead of the pipe. */
  readonly fd3?: "foreign" | "closed"
  /** While it runs. */
  readonly watch?: (child: ChildProcess, out: string) => void
}

/** Runs a program as tako does. */
export const run = (
  [command, ...args]: readonly [string, ...ReadonlyArray<string>],
  { directory, sent = envelope(), variables = {}, fd3, watch }: Run
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const ours = sent === null ? undefined : makePipe()
    const foreign = fd3 === "foreign" ? makePipe() : undefined
    const third = fd3 === "closed" ? "ignore" : (foreign?.readEnd ?? ours?.readEnd ?? "ignore")
    const child = spawn(command, args, {
      cwd: directory,
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        npm_config_update_notifier: "false",
        ...omitUndefined({ TAKO_PIPE: ours?.identity }),
        ...variables
      },
      stdio: ["ignore", "pipe", "pipe", third]
    })
    if (ours !== undefined) {
      Fs.closeSync(ours.readEnd)
      const writer = new Net.Socket({ fd: ours.writeEnd, readable: false, writable: true })
      writer.on("error", () => {})
      writer.end(sent ?? "")
    }
    let out = ""
    let said = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      out += text
      watch?.(child, out)
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text
    })
    child.on("error", reject)
    child.on("close", (code) => {
      if (foreign !== undefined) for (const fd of [foreign.readEnd, foreign.writeEnd]) Fs.closeSync(fd)
      resolve({ code, out, said })
    })
  })

const makePipe = () => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-sdk-pipe-"))
  try {
    const path = Path.join(folder, "pipe")
    spawnSync("mkfifo", ["-m", "600", path])
    return openPipe(path, "to-child")
  } finally {
    Fs.rmSync(folder, { recursive: true })
  }
}

/** This Node, and the others that TAKO_NODES names, separated by colons. In CI there are others. */
export const nodes: ReadonlyArray<string> = [
  process.execPath,
  ...(process.env.TAKO_NODES ?? "").split(":")
].filter(Boolean)
if (process.env.CI && nodes.length < 3) throw new Error("TAKO_NODES must name Node 22 and 24 in CI")
