import * as Effect from "effect/Effect"
import { colouredLine, plainLine } from "../../../domain/app-output.ts"
import { printable } from "../../../domain/printable.ts"
import type { LogLine } from "../../../domain/server/protocol/replies.ts"
import { Stdio } from "../../../services/stdio/stdio.ts"
import { asJson } from "../output.ts"
import { plain, Style } from "../style.ts"

/** A line that an app has written, and on which server. */
export interface Said {
  readonly server: string
  readonly line: LogLine
}

/** Writes a line as people or programs read it, its newline included: when, which instance, and what it wrote. */
export const linePrinter = ({ json, servers }: { readonly json: boolean; readonly servers: boolean }) =>
  Effect.map(Effect.all([Stdio, Style]), ([{ stdoutIsTerminal }, { out: ink }]) => (said: Said): string => {
    if (json) return `${asJson(lineToJson(said), 0)}\n`
    const { server, line } = said
    const at = stdoutIsTerminal ? localTime(line.at) : line.at
    const source = printable(servers ? `${server}/${line.instance}` : line.instance)
    const prefix = `${ink.dim(at)} ${(line.stream === "stderr" ? ink.yellow : ink.dim)(source)}`
    return `${prefix} ${ink === plain ? plainLine(line.text) : colouredLine(line.text)}\n`
  })

export const lineToJson = ({ server, line: { at, instance, stream, text } }: Said) => ({
  at,
  server,
  instance,
  stream,
  text
})

/** "2026-01-31 12:00:00", where we are. */
const localTime = (instant: string): string => {
  const at = new Date(instant)
  const [month, day, hour, minute, second] = [
    at.getMonth() + 1,
    at.getDate(),
    at.getHours(),
    at.getMinutes(),
    at.getSeconds()
  ].map((number) => `${number}`.padStart(2, "0"))
  return `${at.getFullYear()}-${month}-${day} ${hour}:${minute}:${second}`
}
