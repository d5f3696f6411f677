import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"

export type Flag = "ECHO" | "ICANON" | "ISIG" | "IEXTEN" | "ICRNL" | "IXON" | "OPOST"

/** One step of the user at the terminal. */
export type Step =
  /** Waits until the text appears after the end of the previous match. */
  | { readonly do: "wait"; readonly text: string; readonly regex?: boolean }
  | { readonly do: "send"; readonly text: string }
  | { readonly do: "send"; readonly base64: string }
  /** Records the terminal's current flags. */
  | { readonly do: "flags" }
  | { readonly do: "until-flags"; readonly flags: Partial<Record<Flag, boolean>> }
  | { readonly do: "resize"; readonly columns: number; readonly rows: number }
  /** Signals the command alone. */
  | { readonly do: "kill"; readonly signal: NodeJS.Signals }
  /** Signals the terminal's foreground process group. */
  | { readonly do: "kill-foreground"; readonly signal: NodeJS.Signals }
  | { readonly do: "exit" }

export interface Script {
  readonly command: readonly [string, ...ReadonlyArray<string>]
  readonly steps: ReadonlyArray<Step>
  /** The whole environment; by default, that of the tests. */
  readonly environment?: Readonly<Record<string, string>>
  readonly directory?: string
  readonly columns?: number
  readonly rows?: number
  /** A path, or "closed"; the terminal by default. */
  readonly redirect?: { readonly stdin?: string; readonly stdout?: string; readonly stderr?: string }
  /** The time limit for the whole script in seconds, 50 by default, after which the session is killed. */
  readonly timeoutSeconds?: number
}

export interface Transcript {
  /** Everything that the terminal showed, including the echo. */
  readonly output: string
  readonly exit: { readonly code: number } | { readonly signal: NodeJS.Signals }
  /** In the order of the "flags" steps. */
  readonly flags: ReadonlyArray<Readonly<Record<Flag, boolean>>>
  readonly finalFlags: Readonly<Record<Flag, boolean>>
  /** Whether every attribute of the terminal is as it was before the command. */
  readonly restored: boolean
  /** Input that was sent and never read; a shell would run it. */
  readonly leftover: string
}

export const wait = (text: string): Step => ({ do: "wait", text })
export const send = (text: string): Step => ({ do: "send", text })
export const sendBytes = (bytes: Uint8Array): Step => ({
  do: "send",
  base64: Buffer.from(bytes).toString("base64")
})
export const flags: Step = { do: "flags" }
export const untilFlags = (wanted: Partial<Record<Flag, boolean>>): Step => ({
  do: "until-flags",
  flags: wanted
})
export const kill = (signal: NodeJS.Signals): Step => ({ do: "kill", signal })
export const exit: Step = { do: "exit" }

/** Python's real path, because a version manager's shim takes ten times as long to start. */
const python = Fs.existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3"

/**
 * Plays the script on a new pseudo-terminal, whose session the command leads, and waits for the command's end. Fails with
 * the terminal's output if a step is never reached. Needs python3.
 */
export const play = (script: Script): Promise<Transcript> =>
  new Promise((resolve, reject) => {
    const driver = spawn(python, ["-I", "-S", Path.join(import.meta.dirname, "pty.py")], {
      stdio: ["pipe", "pipe", "pipe"]
    })
    const stdout: Array<Buffer> = []
    const stderr: Array<Buffer> = []
    driver.stdout.on("data", (chunk: Buffer) => stdout.push(chunk))
    driver.stderr.on("data", (chunk: Buffer) => stderr.push(chunk))
    driver.on("error", reject)
    driver.on("close", (code) => {
      if (code !== 0) {
        reject(new Error(`pty.py ended with ${code}: ${Buffer.concat(stderr).toString("utf8")}`))
        return
      }
      const { late, ...transcript } = JSON.parse(Buffer.concat(stdout).toString("utf8"))
      if (late === null) resolve(transcript)
      else
        reject(new Error(`never reached ${JSON.stringify(late)}; the terminal showed:\n${transcript.output}`))
    })
    driver.stdin.on("error", () => {})
    driver.stdin.end(JSON.stringify(script))
  })
