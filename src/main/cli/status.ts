import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { age } from "../../domain/age.ts"
import { partsOf } from "../../domain/app/app-name.ts"
import { plainLines } from "../../domain/app-output.ts"
import { printable } from "../../domain/printable.ts"
import {
  type AppReport,
  type Drift,
  driftFinder,
  type ServerReport,
  status as statusOf
} from "../../programs/apps/status.ts"
import { serversToQuery } from "../../programs/apps/targets.ts"
import { failures, type Outcome } from "../../programs/client/client.ts"
import type { Ink } from "../command-line/ink.ts"
import { serverFailed } from "../exit-code.ts"
import { appArgument, checkServer, givenApp, serverFlag } from "./apps/choose-app.ts"
import { leaf } from "./command.ts"
import { Style } from "./context.ts"
import { renderFailure } from "./failure.ts"
import { environmentFlag } from "./names.ts"
import { jsonFlag, listChanges, out, outJson, outTable, say } from "./output.ts"
import { shortFailure } from "./servers/delivery-failures.ts"
import {
  appHeadings,
  appRow,
  type DriftOf,
  instanceHeadings,
  instanceRow,
  releaseHeadings,
  releaseRow,
  reportToJson
} from "./status-report.ts"
import type { Cell } from "./table.ts"

export const status = leaf(
  "status",
  {
    summary: "Show the state of your apps",
    description:
      "Asks the servers in tako.toml; if there are none, those you added; otherwise the one on this machine. With APP or --env, shows only that app, with its instances and releases.",
    example: "tako status shop/production",
    arguments: { app: appArgument },
    flags: { environment: environmentFlag, server: serverFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const app = yield* givenApp(input)
      const server = yield* checkServer(input.server)
      const outcomes = yield* statusOf(yield* serversToQuery({ server, app }), Option.toArray(app))
      const failed = failures(outcomes)
      const code = failed.length > 0 ? serverFailed : undefined
      const driftOf = yield* driftFinder
      if (input.json) {
        yield* outJson({ servers: outcomes.map((outcome) => reportToJson(outcome, driftOf)) })
        return code
      }
      const { out: ink, err } = yield* Style
      const now = yield* Clock.currentTimeMillis
      const rows = outcomes.flatMap((outcome) => rowsOf(outcome, now, ink))
      if (rows.length > 0) yield* outTable([appHeadings(ink), ...rows])
      if (Option.isSome(app)) yield* printDetails(outcomes, now)
      for (const line of [...problems(outcomes), ...drifts(outcomes, driftOf, now)]) yield* say(`\n${line}`)
      for (const failure of failed) yield* say(`\n${renderFailure(failure, err)}`)
      if (rows.length === 0) yield* say(noApps(outcomes))
      return code
    })
)

const rowsOf = (
  { target, outcome }: Outcome<ServerReport>,
  now: number,
  ink: Ink
): ReadonlyArray<ReadonlyArray<Cell>> =>
  Either.match(outcome, {
    onLeft: (failure) => [[target.name, "", [shortFailure(failure), ink.red]]],
    onRight: ({ apps }) => apps.map(({ status }) => appRow(target.name, status, { now, ink }))
  })

/** Why apps are not running as they should. */
const problems = (outcomes: ReadonlyArray<Outcome<ServerReport>>): ReadonlyArray<string> =>
  outcomes.flatMap(({ target, outcome }) =>
    Either.isLeft(outcome)
      ? []
      : outcome.right.apps.flatMap(({ status: { app, problem } }) =>
          problem === null
            ? []
            : [`${app} on ${target.name}: ${plainLines(problem.slice(0, maxProblemLength))}`]
        )
  )

const maxProblemLength = 2000

const noApps = (outcomes: ReadonlyArray<Outcome<ServerReport>>): string =>
  `There are no apps yet on ${outcomes.map(({ target }) => target.name).join(", ")}. To deploy one: tako apps deploy`

/** Prints the instances and releases of the apps, with the server's name where there are several servers. */
const printDetails = (outcomes: ReadonlyArray<Outcome<ServerReport>>, now: number) =>
  Effect.gen(function* () {
    const { out: ink } = yield* Style
    for (const { target, outcome } of outcomes) {
      if (Either.isLeft(outcome)) continue
      for (const report of outcome.right.apps) {
        if (outcomes.length > 1) yield* out(`\n${ink.bold(target.name)}\n`)
        yield* printApp(report, now)
      }
    }
  })

const printApp = ({ status, releases }: AppReport, now: number) =>
  Effect.gen(function* () {
    const { out: ink } = yield* Style
    const view = { now, ink }
    if (status.listen !== null) yield* out(`\nAddress: ${printable(status.listen)}\n`)
    if (status.instance_list.length > 0) {
      yield* out("\n")
      yield* outTable([
        instanceHeadings(ink),
        ...status.instance_list.map((instance) => instanceRow(instance, view))
      ])
    }
    const kept = Option.getOrElse(releases, () => [])
    if (kept.length === 0) return
    yield* out("\n")
    yield* outTable([
      releaseHeadings(ink),
      ...kept.map((release) => releaseRow(release, status.release, view)).reverse()
    ])
  })

/** Which servers have other secrets than this project's file, since when, and how to fix it. */
const drifts = (
  outcomes: ReadonlyArray<Outcome<ServerReport>>,
  driftOf: DriftOf,
  now: number
): ReadonlyArray<string> =>
  outcomes.flatMap(({ target, outcome }) =>
    Either.isLeft(outcome)
      ? []
      : outcome.right.apps.flatMap(({ status: { app }, secrets }) =>
          Option.match(
            Option.flatMap(secrets, (secrets) => driftOf(app, secrets)),
            {
              onNone: () => [],
              onSome: (drift) => [
                `${app} on ${target.name} ${describeDrift(drift, now)}. To update it: tako secrets sync --env ${partsOf(app).environment}`
              ]
            }
          )
        )
  )

const describeDrift = ({ missing, surplus, anotherKey, since, by }: Drift, now: number): string => {
  const names = listChanges({ added: missing, changed: [], removed: surplus })
  const what = [
    ...(names === "" ? [] : [`has other secrets than this project (a sync would apply: ${names})`]),
    ...(anotherKey ? ["has them under another key than this project's"] : [])
  ].join(" and ")
  if (since === null) return `${what}; never synced`
  const who = by === null ? "" : ` by ${printable(by).slice(0, 80)}`
  return `${what}; synced ${age(now - Date.parse(since))} ago${who}`
}
