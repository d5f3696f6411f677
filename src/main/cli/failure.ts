import { printableLines } from "../../domain/printable.ts"
import type { Ink } from "../command-line/ink.ts"
import type { TakoError } from "../exit-code.ts"

/** An error for stderr, in its own words. What the user decided is not marked as an error. */
export const renderFailure = (error: TakoError, ink: Ink): string => {
  const text = printableLines(error.message)
  return error._tag === "Interrupted" || error._tag === "Declined"
    ? text
    : `${ink.bold(ink.red("error:"))} ${text}`
}

/**
 * A bug for stderr: its class, an errno or Node error code, and where in our file it was thrown. Never its message or
 * stack trace, which may quote a value.
 */
export const renderBug = (defect: unknown, ink: Ink): string => {
  const what = [className(defect), code(defect), location(defect)].filter((part) => part !== undefined)
  return [
    `${ink.bold(ink.red("error:"))} This is a bug in tako (${what.join(" ")}).`,
    "Please report it with the command you typed, without any secret value."
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

// V8 puts the message before the frames, and a message may look like a frame. So a location is given only where the
// trace begins with the message as it is now ("TypeError: …", "TypeError [ERR_…]: …").
const location = (defect: unknown): string | undefined => {
  if (!(defect instanceof Error) || typeof defect.stack !== "string") return undefined
  const front = /^[A-Za-z0-9_]+(?: \[[A-Z0-9_]+\])?/.exec(defect.stack)?.[0] ?? ""
  const header = `${front}${defect.message === "" ? "" : `: ${defect.message}`}\n`
  if (!defect.stack.startsWith(header)) return undefined
  for (const frame of defect.stack.slice(header.length).split("\n")) {
    const match = /^ {4}at .*?([A-Za-z0-9_.-]+\.[cm]?[jt]s:\d+:\d+)\)?$/.exec(frame)
    if (match !== null) return `at ${match[1]}`
  }
  return undefined
}
