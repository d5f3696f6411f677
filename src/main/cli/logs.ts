import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { Usage } from "../../domain/errors/user.ts"
import { type Excerpt, mostLines, logs as readLogs, type Wanted } from "../../programs/apps/logs.ts"
import { failures, type Outcome } from "../../programs/apps/on-each.ts"
import { serversToAsk } from "../../programs/apps/which.ts"
import { optionalNumber } from "./apps/count.ts"
import { followAll } from "./apps/follow-all.ts"
import { linePrinter, lineToJson, type Said } from "./apps/lines.ts"
import { appArgument, checkServer, chosenApp, serverFlag } from "./apps/which.ts"
import { leaf } from "./command.ts"
import { serverFailed } from "./exit-code.ts"
import { renderFailure } from "./failure.ts"
import { environmentFlag } from "./names.ts"
import { jsonFlag, out, outJson, say } from "./output.ts"
import { flag } from "./parameters.ts"
import { Style } from "./style.ts"

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
