import * as Effect from "effect/Effect"
import { Stdio } from "../../services/stdio/stdio.ts"
import { flag } from "./command.ts"
import { Style } from "./context.ts"
import { type Cell, fittedTable, table } from "./table.ts"

export const jsonFlag = flag.boolean("json", { summary: "Print JSON" })

/** Data, to stdout. */
export const out = (text: string) => Effect.flatMap(Stdio, (stdio) => stdio.out(text))

/** One JSON object, to stdout. */
export const outJson = (value: object) => out(`${asJson(value)}\n`)

/** As JSON in which nothing drives a terminal: JSON.stringify leaves C1 control characters as they are (RFC 8259 §7). */
export const asJson = (value: object, indent = 2): string =>
  JSON.stringify(value, null, indent).replace(
    driving,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

const driving = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** Rows below their headings, to stdout; as wide as it has to be where that is no terminal. */
export const outTable = (rows: ReadonlyArray<ReadonlyArray<Cell>>) =>
  Effect.flatMap(Effect.all([Stdio, Style]), ([stdio, style]) =>
    // The columns are asked for on a terminal alone: to ask Node loads all of its streams.
    stdio.out(stdio.stdoutIsTerminal ? fittedTable(rows, style.columns) : table(rows))
  )

/** A line for the person, to stderr. */
export const say = (line: string) => Effect.flatMap(Stdio, (stdio) => stdio.say(line))

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`
