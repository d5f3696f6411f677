import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { transformSync } from "esbuild"
import { omitUndefined } from "../../../src/domain/omit-undefined.ts"
import { openPipe } from "../../../src/services/process-spawner/pipes.ts"

/** Must appear nowhere, unless a program reads it by name. */
export const canary = "canary-7f3a"

export const runtime = Path.resolve(import.meta.dirname, "../../../src/main/sdk/runtime.ts")

/** The generated file, laid out as `tako typegen` does it: the runtime, then the project's own part. */
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

/** A folder with that file, in TypeScript and JavaScript, and these programs. */
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
  readonly stdout: string
  readonly stderr: string
}

export interface Run {
  readonly directory: string
  /** The pipe's content; null for no pipe at all. */
  readonly sent?: string | null
  readonly variables?: Readonly<Record<string, string>>
  /** What fd 3 is instead of the pipe. */
  readonly fd3?: "foreign" | "closed"
  /** Called with each piece of output. */
  readonly watch?: (child: ChildProcess, stdout: string) => void
}

/** Runs a program with the secrets in a pipe on fd 3, as tako does. */
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
    let stdout = ""
    let stderr = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      watch?.(child, stdout)
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.on("error", reject)
    child.on("close", (code) => {
      if (foreign !== undefined) for (const fd of [foreign.readEnd, foreign.writeEnd]) Fs.closeSync(fd)
      resolve({ code, stdout, stderr })
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

/** This Node, and those that TAKO_NODES lists, separated by colons; CI must list some. */
export const nodes: ReadonlyArray<string> = [
  process.execPath,
  ...(process.env.TAKO_NODES ?? "").split(":")
].filter(Boolean)
if (process.env.CI && nodes.length < 3) throw new Error("TAKO_NODES must name Node 22 and 24 in CI")
