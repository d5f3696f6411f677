import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { runSync } from "../helper-program/helper-program.ts"
import { TerminalModes } from "./terminal-modes.ts"

/** Uses stty(1), because Node only knows raw mode. POSIX specifies stty, and it keeps pending input (unlike TCSAFLUSH). */
export const layer: Layer.Layer<TerminalModes> = Layer.succeed(TerminalModes, {
  save: Effect.sync(() => {
    const saved = stty("-g")
    return isSaved(saved) ? Effect.sync(() => void stty(saved)) : Effect.void
  })
})

/** POSIX leaves the format open: GNU's has hexadecimal numbers and colons, BSD's also names and "=". */
const isSaved = (text: string): boolean => /^[0-9A-Za-z:=]+$/.test(text)

/** The modes of the controlling terminal; nothing if they are not available. */
const stty = (argument: string): string => {
  if (!isForeground()) return ""
  let terminal: number
  try {
    terminal = Fs.openSync("/dev/tty", Fs.constants.O_RDONLY | Fs.constants.O_NONBLOCK)
  } catch {
    return ""
  }
  try {
    return run("stty", [argument], terminal)
  } finally {
    Fs.closeSync(terminal)
  }
}

/**
 * Whether our process group is in the foreground: setting modes from the background stops the whole group (SIGTTOU,
 * tcsetattr(3)).
 */
const isForeground = (): boolean => {
  const [group, foreground] =
    process.platform === "linux"
      ? groupsOf(Fs.readFileSync("/proc/self/stat", "latin1"))
      : run("ps", ["-o", "pgid=,tpgid=", "-p", `${process.pid}`]).split(/\s+/)
  return group !== undefined && group === foreground
}

/** Our process group and the terminal's, from /proc/self/stat (proc_pid_stat(5)). */
const groupsOf = (stat: string) => {
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return [group, foreground]
}

/** The output of the program, or nothing if it fails. */
const run = (program: string, args: ReadonlyArray<string>, stdin?: number): string =>
  Option.match(
    runSync({
      program,
      args,
      environment: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
      timeLimit: 1000,
      ...omitUndefined({ stdin })
    }),
    { onNone: () => "", onSome: (printed) => printed.toString("latin1").trim() }
  )
