import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { plainLines } from "../../domain/app-output.ts"
import type { Outcome } from "../../programs/apps/on-each.ts"
import { failures } from "../../programs/apps/on-each.ts"
import { type ServerReport, status as statusOf } from "../../programs/apps/status.ts"
import { serversToAsk } from "../../programs/apps/which.ts"
import { driftTeller } from "../../programs/sync/drift.ts"
import { details } from "./apps/details.ts"
import { drifts } from "./apps/drifts.ts"
import { reportToJson } from "./apps/report-json.ts"
import { appHeadings, appRow } from "./apps/rows.ts"
import { appArgument, checkServer, namedApp, serverFlag } from "./apps/which.ts"
import { leaf } from "./command.ts"
import { serverFailed } from "./exit-code.ts"
import { renderFailure } from "./failure.ts"
import { environmentFlag } from "./names.ts"
import { jsonFlag, outJson, outTable, say } from "./output.ts"
import { shortly } from "./servers/failures.ts"
import { type Ink, Style } from "./style.ts"
import type { Cell } from "./table.ts"

export const status = leaf(
  "status",
  {
    summary: "How apps are, on which servers",
    description:
      "Without --server: the servers of tako.toml, else all that you added, else the one on this machine. With APP or --env: that app, with its instances and its releases.",
    example: "tako status shop/production",
    arguments: { app: appArgument },
    flags: { environment: environmentFlag, server: serverFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const app = yield* namedApp(input)
      const server = yield* checkServer(input.server)
      const found = yield* statusOf(yield* serversToAsk({ server, app }), Option.toArray(app))
      const failed = failures(found)
      const code = failed.length > 0 ? serverFailed : undefined
      const driftOf = yield* driftTeller
      if (input.json) {
        yield* outJson({ servers: found.map((one) => reportToJson(one, driftOf)) })
        return code
      }
      const { out: ink, err } = yield* Style
      const now = yield* Clock.currentTimeMillis
      const rows = found.flatMap((one) => rowsOf(one, now, ink))
      if (rows.length > 0) yield* outTable([appHeadings(ink), ...rows])
      if (Option.isSome(app)) yield* details(found, now)
      for (const line of [...problems(found), ...drifts(found, driftOf, now)]) yield* say(`\n${line}`)
      for (const failure of failed) yield* say(`\n${renderFailure(failure, err)}`)
      if (rows.length === 0) yield* say(nothing(found))
      return code
    })
)

const rowsOf = (
  { target, outcome }: Outcome<ServerReport>,
  now: number,
  ink: Ink
): ReadonlyArray<ReadonlyArray<Cell>> =>
  Either.match(outcome, {
    onLeft: (failure) => [[target.name, "", [shortly(failure), ink.red]]],
    onRight: ({ apps }) => apps.map(({ status }) => appRow(target.name, status, { now, ink }))
  })

/** Why apps are not as they should be. */
const problems = (found: ReadonlyArray<Outcome<ServerReport>>): ReadonlyArray<string> =>
  found.flatMap(({ target, outcome }) =>
    Either.isLeft(outcome)
      ? []
      : outcome.right.apps.flatMap(({ status: { app, problem } }) =>
          problem === null ? [] : [`${app} on ${target.name}: ${plainLines(problem.slice(0, longest))}`]
        )
  )

const longest = 2000

const nothing = (found: ReadonlyArray<Outcome<ServerReport>>): string =>
  `There are no apps yet on ${found.map(({ target }) => target.name).join(", ")}: tako apps deploy`
