import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { colouredLine, plainLine } from "../../domain/app-output.ts"
import { Usage } from "../../domain/errors/user.ts"
import { printable } from "../../domain/printable.ts"
import type { LogLine } from "../../domain/protocol/replies.ts"
import { type Excerpt, follow, type LogQuery, maxLines, logs as readLogs } from "../../programs/apps/logs.ts"
import { serversToQuery } from "../../programs/apps/targets.ts"
import { failures, type Outcome } from "../../programs/client/client.ts"
import { Stdio } from "../../services/stdio/stdio.ts"
import { plain } from "../command-line/ink.ts"
import { serverFailed } from "../exit-code.ts"
import { appArgument, checkServer, chooseApp, serverFlag } from "./apps/choose-app.ts"
import { optionalNumber } from "./apps/report.ts"
import { flag, leaf } from "./command.ts"
import { Style } from "./context.ts"
import { renderFailure } from "./failure.ts"
import { environmentFlag } from "./names.ts"
import { asJson, jsonFlag, out, outJson, say } from "./output.ts"

export const logs = leaf(
  "logs",
  {
    summary: "Show the output of an app's instances",
    description:
      "Masks secret values of at least 6 characters, plain or in common encodings. With --follow, --json prints one object per line.",
    example: "tako logs shop/production --follow",
    arguments: { app: appArgument },
    flags: {
      follow: flag.boolean("follow", { short: "f", summary: "Keep printing new output until Ctrl-C" }),
      lines: flag.text("lines", {
        short: "n",
        value: "COUNT",
        summary: "Show the last COUNT lines (default 100)"
      }),
      instance: flag.text("instance", {
        value: "ID",
        summary: "Show only this instance; tako status lists them"
      }),
      environment: environmentFlag,
      server: serverFlag,
      json: jsonFlag
    }
  },
  (input) =>
    Effect.gen(function* () {
      const count = yield* optionalNumber("--lines", input.lines, 0, maxLines)
      const instance = yield* checkInstance(input.instance)
      const server = yield* checkServer(input.server)
      const app = yield* chooseApp(input)
      const query: LogQuery = { app, instance, lines: Option.getOrElse(count, () => 100) }
      const targets = yield* serversToQuery({ server, app: Option.some(app) })
      const outcomes = yield* readLogs(targets, query)
      const failed = failures(outcomes)
      const { err } = yield* Style
      for (const failure of failed) yield* say(renderFailure(failure, err))
      const lines = latest(outcomes, query.lines)
      if (input.json && !input.follow) yield* outJson({ app, lines: lines.map(lineToJson) })
      else {
        const print = yield* linePrinter({ json: input.json, servers: outcomes.length > 1 })
        yield* out(lines.map(print).join(""))
        if (input.follow) {
          yield* followAll(outcomes, query, print)
          // Following ends only when none of the servers can be reached any more.
          return serverFailed
        }
        if (lines.length === 0 && query.lines > 0 && failed.length === 0) yield* say(noOutputMessage(query))
      }
      return failed.length > 0 ? serverFailed : undefined
    })
)

/** The last lines of all servers together, sorted by time. */
const latest = (outcomes: ReadonlyArray<Outcome<Excerpt>>, count: number): ReadonlyArray<ServerLine> => {
  const all = outcomes.flatMap(
    ({ target, outcome }): ReadonlyArray<ServerLine> =>
      Either.isLeft(outcome) ? [] : outcome.right.lines.map((line) => ({ server: target.name, line }))
  )
  // The sort is stable: lines of one server keep their order.
  const sorted =
    outcomes.length > 1
      ? all.toSorted((a, b) => (a.line.at < b.line.at ? -1 : a.line.at > b.line.at ? 1 : 0))
      : all
  return count === 0 ? [] : sorted.slice(-count)
}

const noOutputMessage = ({ app, instance }: LogQuery): string =>
  Option.match(instance, {
    onNone: () => `${app} has not written anything yet.`,
    onSome: (id) =>
      `There is no output of an instance ${id} of ${app}.\nTo list its instances: tako status ${app}`
  })

const checkInstance = (given: Option.Option<string>): Effect.Effect<Option.Option<string>, Usage> =>
  Option.isNone(given) || /^[A-Za-z0-9]{1,64}$/.test(given.value)
    ? Effect.succeed(given)
    : new Usage({ problem: "--instance takes the id of an instance, as tako status APP shows it." })

/** A line of an app's output, and the server that it comes from. */
export interface ServerLine {
  readonly server: string
  readonly line: LogLine
}

/** Formats a line with its newline, for people or as JSON: when, which instance, and the text. */
export const linePrinter = ({ json, servers }: { readonly json: boolean; readonly servers: boolean }) =>
  Effect.map(
    Effect.all([Stdio, Style]),
    ([{ stdoutIsTerminal }, { out: ink }]) =>
      (serverLine: ServerLine): string => {
        if (json) return `${asJson(lineToJson(serverLine), 0)}\n`
        const { server, line } = serverLine
        const at = stdoutIsTerminal ? localTime(line.at) : line.at
        const source = printable(servers ? `${server}/${line.instance}` : line.instance)
        const prefix = `${ink.dim(at)} ${(line.stream === "stderr" ? ink.yellow : ink.dim)(source)}`
        return `${prefix} ${ink === plain ? plainLine(line.text) : colouredLine(line.text)}\n`
      }
  )

export const lineToJson = ({ server, line: { at, instance, stream, text } }: ServerLine) => ({
  at,
  server,
  instance,
  stream,
  text
})

/** "2026-01-31 12:00:00", in the local time zone. */
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

/** Prints new lines of each server until none of them can be followed any more. */
export const followAll = (
  outcomes: ReadonlyArray<Outcome<Excerpt>>,
  query: LogQuery,
  print: (line: ServerLine) => string
) =>
  Effect.gen(function* () {
    const { err } = yield* Style
    // A terminal shows ^C; the next prompt should begin on a line of its own.
    const { stderrIsTerminal } = yield* Stdio
    yield* Effect.forEach(
      outcomes.flatMap(({ target, outcome }) =>
        Either.isLeft(outcome) ? [] : [{ target, from: outcome.right.next }]
      ),
      ({ target, from }) =>
        follow(target, query, from, {
          lines: (lines) => out(lines.map((line) => print({ server: target.name, line })).join("")),
          lost: (error) => say(`${firstLine(error.message)} Trying again …`),
          back: say(`Server ${target.name} is back.`)
        }).pipe(
          Effect.catchAll((error) =>
            error._tag === "Interrupted" ? Effect.fail(error) : say(renderFailure(error, err))
          )
        ),
      { concurrency: "unbounded", discard: true }
    ).pipe(Effect.onInterrupt(() => (stderrIsTerminal ? say("") : Effect.void)))
  })

const firstLine = (text: string): string => text.split("\n", 1)[0] as string
