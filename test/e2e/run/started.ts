import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import { onTestFinished } from "vitest"
import { bin, type Sandbox } from "../../support/cli.ts"
import { eventually } from "../../support/eventually.ts"

export interface Started {
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  /** Waits until stdout has it, after where the last wait ended. */
  readonly says: (text: string) => Promise<void>
  /** To tako alone. */
  readonly kill: (signal: NodeJS.Signals) => void
  readonly end: Promise<number | NodeJS.Signals>
}

/** `tako run` in a session of its own, without a terminal; what is left of it is killed when the test is over. */
export const startRun = (
  { project, variables }: Sandbox,
  command: ReadonlyArray<string>,
  more: Readonly<Record<string, string>> = {},
  /** What starts it: a program that becomes another one. */
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
    says: async (text) => {
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

/** The process group that a process of ours has led: its members are ours, too. */
const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // Nothing is left of it.
  }
}

/** A process's pid is told on stdout as "pid=…"; the newest one. */
export const toldPid = (stdout: string): number => Number(/.*pid=(\d+)/s.exec(stdout)?.[1])

/** The processes whose parent this is; Linux. */
export const childrenOf = (pid: number): ReadonlyArray<number> =>
  Fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number)
