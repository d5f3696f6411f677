import * as Fs from "node:fs"
import * as Cause from "effect/Cause"
import * as HashMap from "effect/HashMap"
import * as Logger from "effect/Logger"
import { omitUndefined } from "../../domain/omit-undefined.ts"

/**
 * Writes a line of JSON to stderr for each event. Of its annotations, only numbers and short plain words are written, and of a cause
 * only the kind, so that no secret value can get into the log.
 */
export const logger = Logger.make(({ date, logLevel, message, annotations, cause }) => {
  const words = (Array.isArray(message) ? message : [message]).filter((each) => typeof each === "string")
  const facts = Object.fromEntries(
    [...HashMap.entries(annotations)].filter(([, fact]) => typeof fact === "number" || isWord(fact))
  )
  const kind = Cause.isEmpty(cause) ? undefined : kindOf(Cause.squash(cause))
  const line = { at: date.toISOString(), level: logLevel.label.toLowerCase(), event: words.join(" ") }
  write(`${JSON.stringify({ ...line, ...facts, ...omitUndefined({ kind }) })}\n`)
})

const isWord = (fact: unknown): boolean =>
  typeof fact === "string" && fact.length <= 130 && /^[A-Za-z0-9_./:[\]-]*$/.test(fact)

const kindOf = (defect: unknown): string =>
  defect instanceof Error ? defect.constructor.name : typeof defect

const write = (line: string): void => {
  try {
    Fs.writeSync(2, line)
  } catch {
    // Nobody reads stderr any more.
  }
}
