import * as Effect from "effect/Effect"
import { Stdio } from "../../services/stdio/stdio.ts"
import { flag } from "./parameters.ts"
import { type Cell, table } from "./table.ts"

export const jsonFlag = flag.boolean("json", { summary: "Print JSON" })

/** Data, to stdout. */
export const out = (text: string) => Effect.flatMap(Stdio, (stdio) => stdio.out(text))

/** One JSON object, to stdout. */
export const outJson = (value: object) => out(`${JSON.stringify(value, null, 2)}\n`)

export const outTable = (rows: ReadonlyArray<ReadonlyArray<Cell>>) => out(table(rows))

/** A line for the person, to stderr. */
export const say = (line: string) => Effect.flatMap(Stdio, (stdio) => stdio.say(line))

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`
