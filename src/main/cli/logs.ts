import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { colouredLine, plainLine } from "../../domain/app-output.ts"
import { Usage } from "../../domain/errors/user.ts"
import { printable } from "../../domain/printable.ts"
import type { LogLine } from "../../domain/protocol/replies.ts"
import { type Excerpt, follow, mostLines, logs as readLogs, type Wanted } from "../../programs/apps/logs.ts"
import { failures, type Outcome } from "../../programs/apps/on-each.ts"
import { serversToAsk } from "../../programs/apps/targets.ts"
import { Stdio } from "../../services/stdio/stdio.ts"
import { plain } from "../command-line/ink.ts"
import { serverFailed } from "../exit-code.ts"
import { appArgument, checkServer, chosenApp, serverFlag } from "./apps/choose-app.ts"
import { optionalNumber } from "./apps/report.ts"
import { flag, leaf } from "./command.ts"
import { Style } from "./context.ts"
import { renderFailure } from "./failure.ts"
import { environmentFlag } from "./names.ts"
import { asJson, jsonFlag, out, outJson, say } from "./output.ts"

export const logs = leaf(
  "logs",
  {
    summary: "What the instances of an app have written",
    description:
      "Secrets are masked in it, as far as that goes: in the usual encodings, from 6 characters on. With --follow, --json prints one object a line.",
    example: "tako logs shop/production --follow",
    arguments: { app: appArgument },
    flags: {
      follow: flag.boolean("follow", { short: "f", summary: "And what they go on to write, until Ctrl-C" }),
      lines: flag.text("lines", { short: "n", value: "COUNT", summary: "The last lines (default 100)" }),
      instance: flag.text("instance", {
        value: "ID",
        summary: "Of this instance alone, as tako status has it"
      }),
      environment: environmentFlag,
      server: serverFlag,
      json: jsonFlag
    }
  },
  (input) =>
    Effect.gen(function* () {
      const lines = yield* optionalNumber("--lines", input.lines, 0, mostLines)
      const instance = yield* checkInstance(input.instance)
      const server = yield* checkServer(input.server)
      const app = yield* chosenApp(input)
      const wanted: Wanted = { app, instance, lines: Option.getOrElse(lines, () => 100) }
      const targets = yield* serversToAsk({ server, app: Option.some(app) })
      const found = yield* readLogs(targets, wanted)
      const failed = failures(found)
      const { err } = yield* Style
      for (const failure of failed) yield* say(renderFailure(failure, err))
      const said = latest(found, wanted.lines)
      if (input.json && !input.follow) yield* outJson({ app, lines: said.map(lineToJson) })
      else {
        const print = yield* linePrinter({ json: input.json, servers: found.length > 1 })
        yield* out(said.map(print).join(""))
        if (input.follow) {
          yield* followAll(found, wanted, print)
          // It ends only because there is no more getting to any of them.
          return serverFailed
        }
        if (said.length === 0 && wanted.lines > 0 && failed.length === 0) yield* say(silence(wanted))
      }
      return failed.length > 0 ? serverFailed : undefined
    })
)

/** The lines of all servers by their time; of those that are, the last ones. */
const latest = (found: ReadonlyArray<Outcome<Excerpt>>, count: number): ReadonlyArray<Said> => {
  const all = found.flatMap(
    ({ target, outcome }): ReadonlyArray<Said> =>
      Either.isLeft(outcome) ? [] : outcome.right.lines.map((line) => ({ server: target.name, line }))
  )
  // The sort is stable: lines of one server stay as they came.
  const sorted =
    found.length > 1
      ? all.toSorted((a, b) => (a.line.at < b.line.at ? -1 : a.line.at > b.line.at ? 1 : 0))
      : all
  return count === 0 ? [] : sorted.slice(-count)
}

const silence = ({ app, instance }: Wanted): string =>
  Option.match(instance, {
    onNone: () => `${app} has not written anything yet.`,
    onSome: (id) =>
      `There is nothing of an instance ${id} of ${app}.\nSee which there are: tako status ${app}`
  })

const checkInstance = (given: Option.Option<string>): Effect.Effect<Option.Option<string>, Usage> =>
  Option.isNone(given) || /^[A-Za-z0-9]{1,64}$/.test(given.value)
    ? Effect.succeed(given)
    : new Usage({ problem: "--instance takes the id of an instance, as tako status APP has it." })

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

/** Prints what comes from each server, until none of them can be followed any more. */
export const followAll = (
  found: ReadonlyArray<Outcome<Excerpt>>,
  wanted: Wanted,
  print: (said: Said) => string
) =>
  Effect.gen(function* () {
    const { err } = yield* Style
    // A terminal shows ^C, and the next prompt is to begin a line of its own.
    const { stderrIsTerminal } = yield* Stdio
    yield* Effect.forEach(
      found.flatMap(({ target, outcome }) =>
        Either.isLeft(outcome) ? [] : [{ target, from: outcome.right.next }]
      ),
      ({ target, from }) =>
        follow(target, wanted, from, {
          lines: (lines) => out(lines.map((line) => print({ server: target.name, line })).join("")),
          lost: (error) => say(`${firstLine(error.message)} Trying again …`),
          back: say(`Server ${target.name} is there again.`)
        }).pipe(
          Effect.catchAll((error) =>
            error._tag === "Interrupted" ? Effect.fail(error) : say(renderFailure(error, err))
          )
        ),
      { concurrency: "unbounded", discard: true }
    ).pipe(Effect.onInterrupt(() => (stderrIsTerminal ? say("") : Effect.void)))
  })

const firstLine = (text: string): string => text.split("\n", 1)[0] as string
