import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { age } from "../../domain/age.ts"
import { partsOf } from "../../domain/app/app-name.ts"
import { plainLines } from "../../domain/app-output.ts"
import { printable } from "../../domain/printable.ts"
import { failures, type Outcome } from "../../programs/apps/on-each.ts"
import {
  type AppReport,
  type Drift,
  driftTeller,
  type ServerReport,
  status as statusOf
} from "../../programs/apps/status.ts"
import { serversToAsk } from "../../programs/apps/targets.ts"
import type { Ink } from "../command-line/ink.ts"
import { serverFailed } from "../exit-code.ts"
import { appArgument, checkServer, namedApp, serverFlag } from "./apps/choose-app.ts"
import { leaf } from "./command.ts"
import { Style } from "./context.ts"
import { renderFailure } from "./failure.ts"
import { environmentFlag } from "./names.ts"
import { jsonFlag, out, outJson, outTable, say } from "./output.ts"
import { sayChanges } from "./secrets/sync/report.ts"
import { shortly } from "./servers/delivery-failures.ts"
import {
  appHeadings,
  appRow,
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

/** The instances and the releases of the apps that were found; with the server's name where there are several. */
export const details = (found: ReadonlyArray<Outcome<ServerReport>>, now: number) =>
  Effect.gen(function* () {
    const { out: ink } = yield* Style
    for (const { target, outcome } of found) {
      if (Either.isLeft(outcome)) continue
      for (const report of outcome.right.apps) {
        if (found.length > 1) yield* out(`\n${ink.bold(target.name)}\n`)
        yield* one(report, now)
      }
    }
  })

const one = ({ status, releases }: AppReport, now: number) =>
  Effect.gen(function* () {
    const { out: ink } = yield* Style
    const look = { now, ink }
    if (status.listen !== null) yield* out(`\nIts address: ${printable(status.listen)}\n`)
    if (status.instance_list.length > 0) {
      yield* out("\n")
      yield* outTable([
        instanceHeadings(ink),
        ...status.instance_list.map((instance) => instanceRow(instance, look))
      ])
    }
    const kept = Option.getOrElse(releases, () => [])
    if (kept.length === 0) return
    yield* out("\n")
    yield* outTable([
      releaseHeadings(ink),
      ...kept.map((release) => releaseRow(release, status.release, look)).reverse()
    ])
  })

export type DriftOf = Effect.Effect.Success<typeof driftTeller>

/** Which servers have other secrets than this project's file, since when, and how to mend it. */
export const drifts = (
  found: ReadonlyArray<Outcome<ServerReport>>,
  driftOf: DriftOf,
  now: number
): ReadonlyArray<string> =>
  found.flatMap(({ target, outcome }) =>
    Either.isLeft(outcome)
      ? []
      : outcome.right.apps.flatMap(({ status: { app }, secrets }) =>
          Option.match(
            Option.flatMap(secrets, (secrets) => driftOf(app, secrets)),
            {
              onNone: () => [],
              onSome: (drift) => [
                `${app} on ${target.name} ${sayDrift(drift, now)}. To send them: tako secrets sync --env ${partsOf(app).environment}`
              ]
            }
          )
        )
  )

const sayDrift = ({ missing, surplus, anotherKey, since, by }: Drift, now: number): string => {
  const names = sayChanges({ added: missing, changed: [], removed: surplus })
  const what = [
    ...(names === "" ? [] : [`has other secrets than this project (a sync would do: ${names})`]),
    ...(anotherKey ? ["knows them by another key than this project has now"] : [])
  ].join(" and ")
  if (since === null) return `${what}; it was never synced`
  const who = by === null ? "" : ` by ${printable(by).slice(0, 80)}`
  return `${what}; synced ${age(now - Date.parse(since))} ago${who}`
}

export const driftToJson = ({ missing, surplus, anotherKey, since, by }: Drift) => ({
  missing,
  surplus,
  another_key: anotherKey,
  since,
  by
})
