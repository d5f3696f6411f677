import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import { onTestFinished } from "vitest"
import { bin, type Sandbox } from "../../support/cli.ts"
import { eventually } from "../../support/eventually.ts"

export interface Started {
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  /** Waits until stdout contains the text, after the end of the previous match. */
  readonly waitFor: (text: string) => Promise<void>
  /** Signals tako itself, not its process group. */
  readonly kill: (signal: NodeJS.Signals) => void
  readonly end: Promise<number | NodeJS.Signals>
}

/** Starts `tako run` in a session of its own, without a terminal; its process group is killed after the test. */
export const startRun = (
  { project, variables }: Sandbox,
  command: ReadonlyArray<string>,
  more: Readonly<Record<string, string>> = {},
  /** A program that execs tako. */
  starter: ReadonlyArray<string> = []
): Started => {
  const [program, ...args] = [...starter, process.execPath, bin, "run", ...command] as [string]
  const child = spawn(program, args, {
    cwd: project,
    env: { ...variables, ...more },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"]
  })
  const pid = child.pid as number
  let stdout = ""
  let stderr = ""
  let seen = 0
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  onTestFinished(() => killGroup(pid))
  return {
    pid,
    stdout: () => stdout,
    stderr: () => stderr,
    waitFor: async (text) => {
      seen = await eventually(`${JSON.stringify(text)} from ${command.join(" ")}`, () => {
        const at = stdout.indexOf(text, seen)
        return at === -1 ? undefined : at + text.length
      })
    },
    kill: (signal) => {
      child.kill(signal)
    },
    end: new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code ?? -1)))
  }
}

/** Kills the process group that a child leads, and so everything it started. */
export const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // The whole group has ended already.
  }
}

/** The newest pid printed as "pid=…" on stdout. */
export const reportedPid = (stdout: string): number => Number(/.*pid=(\d+)/s.exec(stdout)?.[1])

/** The children of a process; Linux only. */
export const childrenOf = (pid: number): ReadonlyArray<number> =>
  Fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number)
