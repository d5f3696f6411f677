import { printableLines } from "../../domain/printable.ts"
import type { Ink } from "../command-line/ink.ts"
import type { TakoError } from "../exit-code.ts"

/** What stderr says of an error: once, in its own words. What the user decided is no error. */
export const renderFailure = (error: TakoError, ink: Ink): string => {
  const text = printableLines(error.message)
  return error._tag === "Interrupted" || error._tag === "Declined"
    ? text
    : `${ink.bold(ink.red("error:"))} ${text}`
}

/**
 * What stderr says of a bug. Never its message or its stack trace, which may quote a value: its class, an errno or
 * Node error code, and where in our own file it arose.
 */
export const renderBug = (defect: unknown, ink: Ink): string => {
  const what = [className(defect), code(defect), place(defect)].filter((part) => part !== undefined)
  return [
    `${ink.bold(ink.red("error:"))} This is a bug in tako (${what.join(" ")}).`,
    "Please report it with the command that you typed, without any secret value."
  ].join("\n")
}

const className = (defect: unknown): string => {
  if (typeof defect !== "object" || defect === null) return typeof defect
  const name: unknown = "_tag" in defect ? defect._tag : defect.constructor?.name
  return typeof name === "string" && /^[A-Za-z][A-Za-z0-9_]{0,60}$/.test(name) ? name : "unknown"
}

const code = (defect: unknown): string | undefined =>
  defect instanceof Error &&
  "code" in defect &&
  typeof defect.code === "string" &&
  /^E[A-Z0-9_]{1,40}$/.test(defect.code)
    ? defect.code
    : undefined

// V8 puts the message in front of the frames, and a message may look like a frame: where it is not found at the front
// as it is now ("TypeError: …", "TypeError [ERR_…]: …"), no place is told.
const place = (defect: unknown): string | undefined => {
  if (!(defect instanceof Error) || typeof defect.stack !== "string") return undefined
  const front = /^[A-Za-z0-9_]+(?: \[[A-Z0-9_]+\])?/.exec(defect.stack)?.[0] ?? ""
  const header = `${front}${defect.message === "" ? "" : `: ${defect.message}`}\n`
  if (!defect.stack.startsWith(header)) return undefined
  for (const frame of defect.stack.slice(header.length).split("\n")) {
    const found = /^ {4}at .*?([A-Za-z0-9_.-]+\.[cm]?[jt]s:\d+:\d+)\)?$/.exec(frame)
    if (found !== null) return `at ${found[1]}`
  }
  return undefined
}
