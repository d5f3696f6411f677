import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { onTestFinished } from "vitest"

/** The built program. */
export const bin = process.env.TAKO_BIN ?? Path.resolve(import.meta.dirname, "../../dist/tako.cjs")

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Typed {
  readonly stdin?: string | Uint8Array
  readonly variables?: Readonly<Record<string, string>>
  readonly directory?: string
}

/** Runs a program to completion in a session of its own, so that it never has a controlling terminal. */
export const runToEnd = (
  command: string,
  args: ReadonlyArray<string>,
  { stdin = "", variables = {}, directory }: Typed
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: directory,
      env: variables,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"]
    })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.on("error", reject)
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }))
    // The pipe breaks early if the program does not read its input.
    child.stdin.on("error", () => {})
    child.stdin.end(stdin)
  })

/** A temporary project in git and a home of its own, removed after the test. */
export interface Sandbox {
  readonly folder: string
  readonly project: string
  readonly home: string
  readonly file: string
  readonly variables: Readonly<Record<string, string>>
  readonly tako: (args: ReadonlyArray<string>, typed?: Typed) => Promise<Ended>
  readonly git: (...args: ReadonlyArray<string>) => Promise<Ended>
  readonly readFile: () => FileOf
  readonly writeFile: (environments: FileOf | string) => void
}

export type FileOf = Record<string, { salt: string; secrets: Record<string, string> }>

export const passphrase = "canary passphrase of these tests"

export const makeSandbox = async (): Promise<Sandbox> => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-e2e-"))
  onTestFinished(() => Fs.rmSync(folder, { recursive: true, force: true }))
  const project = Path.join(folder, "project")
  const home = Path.join(folder, "home")
  Fs.mkdirSync(project)
  const variables = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    TAKO_HOME: home,
    TMPDIR: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "Ada",
    GIT_AUTHOR_EMAIL: "ada@example.org",
    GIT_COMMITTER_NAME: "Ada",
    GIT_COMMITTER_EMAIL: "ada@example.org"
  }
  const file = Path.join(project, ".tako", "secrets.json")
  const inProject = (command: string, args: ReadonlyArray<string>, typed: Typed = {}) =>
    runToEnd(command, args, {
      directory: project,
      ...typed,
      variables: { ...variables, ...typed.variables }
    })
  await inProject("git", ["init", "--quiet"])
  return {
    folder,
    project,
    home,
    file,
    variables,
    tako: (args, typed) => inProject(process.execPath, [bin, ...args], typed),
    git: (...args) => inProject("git", args),
    readFile: () => JSON.parse(Fs.readFileSync(file, "utf8")) as FileOf,
    writeFile: (environments) => {
      Fs.mkdirSync(Path.dirname(file), { recursive: true })
      Fs.writeFileSync(
        file,
        typeof environments === "string" ? environments : JSON.stringify(environments, null, 2)
      )
    }
  }
}

/** A sandbox whose environments have these secrets, and whose machine has their keys. */
export const sandboxWith = async (secrets: Record<string, Record<string, string>>): Promise<Sandbox> => {
  const sandbox = await makeSandbox()
  for (const [environment, values] of Object.entries(secrets)) {
    for (const [name, value] of Object.entries(values)) {
      const { code, stderr } = await sandbox.tako(
        ["secrets", "set", name, "--env", environment, "--create"],
        {
          stdin: value,
          variables: { TAKO_PASSPHRASE: passphrase }
        }
      )
      if (code !== 0) throw new Error(`set ${name} in ${environment} ended with ${code}: ${stderr}`)
    }
  }
  return sandbox
}
