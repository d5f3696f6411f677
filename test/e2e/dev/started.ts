import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { onTestFinished } from "vitest"
import { bin, passphrase, type Sandbox } from "../../support/cli.ts"
import { eventually } from "../../support/eventually.ts"

export interface StartedDev {
  readonly stderr: () => string
  /** Waits until stdout or stderr contains the text, after the end of the previous match there. */
  readonly waitFor: (text: string) => Promise<void>
  /** Signals tako itself, not its process group. */
  readonly kill: (signal: NodeJS.Signals) => void
  readonly end: Promise<number | NodeJS.Signals>
}

/** Starts `tako dev` in a session of its own, without a terminal; its process group is killed after the test. */
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
      // The whole group has ended already.
    }
  })
  const seen = { stdout: 0, stderr: 0 }
  return {
    stderr: () => texts.stderr,
    waitFor: (text) =>
      eventually(
        `${JSON.stringify(text)} from ${args.join(" ")}, which printed:\n${texts.stdout}\n${texts.stderr}`,
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

/** Writes a program into the project. */
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

/** The lines of a file in the project; none if it does not exist yet. */
export const linesOf = ({ project }: Sandbox, name: string): ReadonlyArray<string> => {
  try {
    return Fs.readFileSync(Path.join(project, name), "utf8").split("\n").filter(Boolean)
  } catch {
    return []
  }
}

/** Whether the process has ended, even if it is a zombie that nobody has waited for. */
export const hasEnded = (pid: number | string): boolean => {
  try {
    return /\) [ZX] /.test(Fs.readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return true
  }
}
