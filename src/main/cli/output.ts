import * as Effect from "effect/Effect"
import type { Difference } from "../../domain/app/secret-set.ts"
import { printableJson } from "../../domain/printable.ts"
import { Stdio } from "../../services/stdio/stdio.ts"
import { flag } from "./command.ts"
import { Style } from "./context.ts"
import { type Cell, fittedTable, table } from "./table.ts"

export const jsonFlag = flag.boolean("json", { summary: "Print JSON" })

/** Data, to stdout. */
export const out = (text: string) => Effect.flatMap(Stdio, (stdio) => stdio.out(text))

/** One JSON object, to stdout. */
export const outJson = (value: object) => out(`${asJson(value)}\n`)

/** JSON that cannot control a terminal. */
export const asJson = (value: object, indent = 2): string =>
  printableJson(JSON.stringify(value, null, indent))

/** Headings and rows, to stdout; folded to the width of a terminal. */
export const outTable = (rows: ReadonlyArray<ReadonlyArray<Cell>>) =>
  Effect.flatMap(Effect.all([Stdio, Style]), ([stdio, style]) =>
    // Reading the columns makes Node load all of its streams, so only a terminal's are read.
    stdio.out(stdio.stdoutIsTerminal ? fittedTable(rows, style.columns) : table(rows))
  )

/** A message for the person, to stderr. */
export const say = (line: string) => Effect.flatMap(Stdio, (stdio) => stdio.say(line))

/** "3 secrets" */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

/** "4.2 s" */
export const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`

/** "la, fra, syd and 12 more". */
export const listNames = (names: ReadonlyArray<string>, maxNames = 3): string =>
  names.length <= maxNames + 1
    ? names.join(", ")
    : `${names.slice(0, maxNames).join(", ")} and ${names.length - maxNames} more`

/** "- OLD, ~ OTHER, + NEW", at most six of them. */
export const listChanges = ({ added, changed, removed }: Difference): string => {
  const all = [
    ...removed.map((name) => `- ${name}`),
    ...changed.map((name) => `~ ${name}`),
    ...added.map((name) => `+ ${name}`)
  ]
  const shown = all.slice(0, maxChanges).join(", ")
  return all.length > maxChanges ? `${shown} and ${all.length - maxChanges} more` : shown
}

const maxChanges = 6
