import { execFileSync, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll } from "vitest"
import { omitUndefined } from "../../../src/domain/omit-undefined.ts"
import { deliver } from "../../../src/services/process-spawner/pipe-ends.ts"
import { openPipe } from "../../../src/services/process-spawner/pipes.ts"
import { type Ended, runToEnd } from "../../support/cli.ts"

export const template = Fs.readFileSync(
  Path.resolve(import.meta.dirname, "../../../src/main/sdk/go/tako_secrets.go"),
  "utf8"
)
export const app = Fs.readFileSync(Path.join(import.meta.dirname, "app/main.go"), "utf8")
export const check = Fs.readFileSync(Path.join(import.meta.dirname, "check/main.go"), "utf8")

/** go needs no network and no modules beyond the standard library here; it reuses this machine's build cache. */
export const variables: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? "",
  HOME: process.env.HOME ?? Os.homedir(),
  GOFLAGS: "-mod=mod",
  GOPROXY: "off",
  GOTOOLCHAIN: "local",
  GOWORK: "off",
  ...omitUndefined({ GOCACHE: process.env.GOCACHE, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME })
}

const folders: Array<string> = []
// Registered at module level, because vitest ignores a hook that a running test adds.
afterAll(() => {
  for (const folder of folders) Fs.rmSync(folder, { recursive: true, force: true })
})

/** A folder that is removed after the file's tests. */
export const makeFolder = (): string => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-go-"))
  folders.push(folder)
  return folder
}

/** Writes these files as the Go module example.org/app. */
export const writeModule = (folder: string, files: Readonly<Record<string, string>>): string => {
  for (const [name, text] of Object.entries({ "go.mod": "module example.org/app\n\ngo 1.18\n", ...files })) {
    Fs.mkdirSync(Path.dirname(Path.join(folder, name)), { recursive: true })
    Fs.writeFileSync(Path.join(folder, name), text)
  }
  return folder
}

export const go = (directory: string, ...args: ReadonlyArray<string>): Promise<Ended> =>
  runToEnd("go", args, { directory, variables })

/** The generated file with these accessors, laid out as typegen does it. */
export const withNames = (accessors: Readonly<Record<string, string>>): string => {
  const fields = Object.values(accessors).map((accessor) => `\t${accessor} func() string\n`)
  const values = Object.keys(accessors).map((name) => `\ttakoSecret("${name}"),\n`)
  const names = `type takoSecrets struct {\n\ttakoRedacted\n${fields.join("")}}\n\nvar Secrets = takoSecrets{\n\ttakoRedacted{},\n${values.join("")}}\n`
  return template.replace(
    /(\/\/ tako:names begin\n).*(\/\/ tako:names end\n)/s,
    (_, begin: string, end: string) => `${begin}\n${names}\n${end}`
  )
}

export interface Given {
  /** The pipe's content, valid or not. */
  readonly envelope?: string
  readonly directory?: string
  readonly variables?: Readonly<Record<string, string>>
  /** Derives TAKO_PIPE from the pipe's real identity. */
  readonly names?: (identity: string) => string | undefined
}

export const envelopeOf = (secrets: Readonly<Record<string, string>>, environment?: string): string =>
  JSON.stringify({ token: "t".repeat(43), secrets, environment })

/** Starts a program as tako does, through its real pipe and writer, but with any content. */
export const start = (command: ReadonlyArray<string>, given: Given = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-go-pipe-"))
    const path = Path.join(folder, "fifo")
    execFileSync("mkfifo", [path])
    const { readEnd, writeEnd, identity } = openPipe(path, "to-child")
    Fs.rmdirSync(folder)
    const { finish, abandon } = deliver(writeEnd, given.envelope ?? envelopeOf({ DATABASE_URL: "canary" }))
    const named = (given.names ?? ((truth: string) => truth))(identity)
    const [program, ...args] = command as [string]
    const child = spawn(program, args, {
      cwd: given.directory,
      env: { ...variables, ...given.variables, ...omitUndefined({ TAKO_PIPE: named }) },
      stdio: ["ignore", "pipe", "pipe", readEnd]
    })
    Fs.closeSync(readEnd)
    let [stdout, stderr] = ["", ""]
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.once("spawn", finish)
    child.on("error", reject)
    child.on("close", (code, signal) => {
      abandon()
      resolve({ code, signal, stdout, stderr })
    })
  })
