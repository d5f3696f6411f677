import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { onTestFinished } from "vitest"
import { bin, passphrase, type Sandbox } from "../../support/cli.ts"
import { eventually } from "../../support/eventually.ts"

export interface StartedDev {
  readonly stderr: () => string
  /** Waits until stdout, or stderr, has it, after where the last wait for it ended. */
  readonly says: (text: string) => Promise<void>
  /** To tako alone. */
  readonly kill: (signal: NodeJS.Signals) => void
  readonly end: Promise<number | NodeJS.Signals>
}

/** `tako dev` in a session of its own, without a terminal; what is left of it is killed when the test is over. */
export const startDev = ({ project, variables }: Sandbox, ...args: ReadonlyArray<string>): StartedDev => {
  const child = spawn(process.execPath, [bin, "dev", ...args], {
    cwd: project,
    env: variables,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"]
  })
  const texts = { stdout: "", stderr: "" }
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text
    })
  }
  onTestFinished(() => {
    try {
      process.kill(-(child.pid as number), "SIGKILL")
    } catch {
      // Nothing is left of it.
    }
  })
  const seen = { stdout: 0, stderr: 0 }
  return {
    stderr: () => texts.stderr,
    says: (text) =>
      eventually(
        `${JSON.stringify(text)} from ${args.join(" ")}, which said:\n${texts.stdout}\n${texts.stderr}`,
        () => {
          for (const name of ["stdout", "stderr"] as const) {
            const at = texts[name].indexOf(text, seen[name])
            if (at === -1) continue
            seen[name] = at + text.length
            return true
          }
          return false
        }
      ).then(() => {}),
    kill: (signal) => {
      child.kill(signal)
    },
    end: new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code ?? -1)))
  }
}

/** A program of the test's, in the project. */
export const program = ({ project }: Sandbox, text: string): string => {
  const path = Path.join(project, "program.cjs")
  Fs.writeFileSync(path, text)
  return path
}

export const setSecret = async (
  sandbox: Sandbox,
  name: string,
  value: string,
  environment = "development"
) => {
  const { code, stderr } = await sandbox.tako(["secrets", "set", name, "--env", environment, "--create"], {
    stdin: value,
    variables: { TAKO_PASSPHRASE: passphrase }
  })
  if (code !== 0) throw new Error(stderr)
}

/** Each line of a file of the project's, which may not be there yet. */
export const linesOf = ({ project }: Sandbox, name: string): ReadonlyArray<string> => {
  try {
    return Fs.readFileSync(Path.join(project, name), "utf8").split("\n").filter(Boolean)
  } catch {
    return []
  }
}

/** Whether it has ended, and be it that nobody has asked for its exit code. */
export const hasEnded = (pid: number | string): boolean => {
  try {
    return /\) [ZX] /.test(Fs.readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return true
  }
}
