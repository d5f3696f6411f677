import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { runSync } from "../helper-program/helper-program.ts"
import { TerminalModes } from "./terminal-modes.ts"

/** By stty(1), for Node knows raw mode alone: POSIX has it, and it lets stay what was typed (not TCSAFLUSH). */
export const layer: Layer.Layer<TerminalModes> = Layer.succeed(TerminalModes, {
  save: Effect.sync(() => {
    const saved = stty("-g")
    return isSaved(saved) ? Effect.sync(() => void stty(saved)) : Effect.void
  })
})

/** POSIX leaves the form open: GNU's has hexadecimal numbers and colons, BSD's names and "=" as well. */
const isSaved = (text: string): boolean => /^[0-9A-Za-z:=]+$/.test(text)

/** What it says of the controlling terminal; nothing where it cannot. */
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
 * Whether the terminal is our process group's: to set it from the background stops the whole group (SIGTTOU,
 * tcsetattr(3)).
 */
const isForeground = (): boolean => {
  const [group, foreground] =
    process.platform === "linux"
      ? groupsOf(Fs.readFileSync("/proc/self/stat", "latin1"))
      : run("ps", ["-o", "pgid=,tpgid=", "-p", `${process.pid}`]).split(/\s+/)
  return group !== undefined && group === foreground
}

/** Ours, and the terminal's, out of /proc/self/stat (proc_pid_stat(5)). */
const groupsOf = (stat: string) => {
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return [group, foreground]
}

/** What the program prints, or nothing when it fails. */
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
