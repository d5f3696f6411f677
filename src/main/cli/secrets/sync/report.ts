import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Delivered, Delivery, Result, Stage } from "../../../../programs/sync/delivery.ts"
import type { Ink } from "../../../command-line/ink.ts"
import { Style } from "../../context.ts"
import { asJson, listChanges, listNames, outTable, seconds } from "../../output.ts"
import { failureToJson, reportFailures, shortFailure } from "../../servers/delivery-failures.ts"
import { type Cell, headings } from "../../table.ts"
import type { Board, Line } from "./progress.ts"

/** With more rows than this, equal rows are merged so that the table fits on one screen. */
const maxRows = 16
const maxErrors = 3

/** A table with the result on each server, then each error in full once. */
export const report = Effect.fnUntraced(function* (lines: ReadonlyArray<Line>, dryRun: boolean) {
  const { out } = yield* Style
  const ended = lines.flatMap(({ result, millis }) => (result === undefined ? [] : [{ result, millis }]))
  const several = new Set(ended.map(({ result }) => result.delivery.parcel.environment)).size > 1
  const rows = new Map<string, Row>()
  for (const [n, { result, millis }] of ended.entries()) {
    const cells = [...(several ? [result.delivery.parcel.environment] : []), ...cellsOf(result, dryRun, out)]
    const key = ended.length > maxRows ? JSON.stringify(cells) : String(n)
    const row = rows.get(key) ?? { servers: [], cells, millis: [] }
    rows.set(key, {
      ...row,
      servers: [...row.servers, result.delivery.target.name],
      millis: [...row.millis, millis]
    })
  }
  const columns = dryRun ? ["WOULD CHANGE"] : ["RESULT", "REVISION", "REPLACED", "SECONDS"]
  yield* outTable([
    headings("SERVER", ...(several ? ["ENVIRONMENT"] : []), ...columns)(out),
    ...[...rows.values()].map(
      ({ servers, cells, millis }): ReadonlyArray<Cell> => [
        listNames(servers),
        ...cells,
        ...(dryRun ? [] : [span(millis)])
      ]
    )
  ])
  yield* reportFailures(
    ended.flatMap(({ result: { delivery, outcome } }) =>
      Either.isLeft(outcome) ? [{ server: delivery.target.name, error: outcome.left }] : []
    ),
    maxErrors
  )
})

interface Row {
  readonly servers: ReadonlyArray<string>
  readonly cells: ReadonlyArray<Cell>
  readonly millis: ReadonlyArray<number>
}

const cellsOf = ({ outcome }: Result, dryRun: boolean, ink: Ink): ReadonlyArray<Cell> => {
  if (Either.isLeft(outcome)) {
    const failed: Cell = [shortFailure(outcome.left), ink.red]
    return dryRun ? [failed] : [failed, "", ""]
  }
  const { state, revision, instances } = outcome.right
  if (!dryRun) return [[deliveredLabels[state], ink.green], String(revision), String(instances)]
  return [state === "unchanged" ? [deliveredLabels[state], ink.green] : listChanges(outcome.right)]
}

const span = (millis: ReadonlyArray<number>): string => {
  const [least, most] = [Math.min(...millis), Math.max(...millis)].map((each) => (each / 1000).toFixed(1))
  return least === most ? String(least) : `${least}-${most}`
}

const placeToJson = ({ parcel, target }: Delivery) => ({
  environment: parcel.environment,
  server: target.name,
  app: parcel.app
})

const stageNames: { readonly [S in Stage["_tag"]]: string } = {
  Waiting: "wait",
  Connecting: "connect",
  Checking: "check",
  Sending: "send",
  Rolling: "roll",
  Draining: "drain"
}

const jsonLine = (value: object): string => `${asJson(value, 0)}\n`

export const jsonStage = (delivery: Delivery, stage: Stage): string =>
  jsonLine({
    event: "stage",
    ...placeToJson(delivery),
    stage: stageNames[stage._tag],
    ...(stage._tag === "Rolling" && { ready: stage.ready, instances: stage.instances })
  })

export const jsonEnded = (board: Board, { delivery, outcome }: Result): string => {
  const millis = board.lines().find((each) => each.delivery === delivery)?.millis ?? 0
  return jsonLine({
    event: "ended",
    ...placeToJson(delivery),
    ...Either.match(outcome, {
      onLeft: failureToJson,
      onRight: ({ state, revision, instances, added, changed, removed }) => ({
        state,
        revision,
        instances,
        added,
        changed,
        removed
      })
    }),
    seconds: millis / 1000
  })
}

export const jsonSummary = (results: ReadonlyArray<Result>, millis: number): string => {
  const failed = results.filter(({ outcome }) => Either.isLeft(outcome)).length
  return jsonLine({
    event: "summary",
    deliveries: results.length,
    done: results.length - failed,
    failed,
    seconds: millis / 1000
  })
}

/** The message about a delivery where nothing can be drawn: how its rollout goes, and how it ended. */
export const progressMessage = (board: Board, delivery: Delivery, ink: Ink): string | undefined => {
  const lines = board.lines()
  const line = lines.find((each) => each.delivery === delivery)
  if (line === undefined) return undefined
  const several = new Set(lines.map(({ delivery }) => delivery.parcel.environment)).size > 1
  const place = placeLabels(delivery, several).join(", ")
  const { result, stage, millis } = line
  if (result === undefined) {
    return stage._tag === "Rolling" || stage._tag === "Draining"
      ? `${place}: ${stageLabel(stage)}`
      : undefined
  }
  return Either.match(result.outcome, {
    onLeft: (error) => `${place}: ${ink.red(shortFailure(error))}, ${seconds(millis)}`,
    onRight: ({ state, revision, instances }) => {
      if (state === "planned") return undefined
      const replaced = instances === 0 ? "" : `, ${instances} replaced`
      const what = `${ink.green(deliveredLabels[state])}, revision ${revision}${replaced}`
      return `${place}: ${what}, ${seconds(millis)}`
    }
  })
}

export const stageLabel = (stage: Stage): string =>
  stage._tag === "Rolling" ? `roll ${stage.ready}/${stage.instances}` : stageNames[stage._tag]

export const deliveredLabels: { readonly [S in Delivered["state"]]: string } = {
  updated: "synced",
  unproven: "synced, not running",
  unchanged: "up to date",
  planned: "would change"
}

/** The environment is named only if there are several. */
export const placeLabels = (
  { parcel, target }: Delivery,
  severalEnvironments: boolean
): ReadonlyArray<string> => (severalEnvironments ? [target.name, parcel.environment] : [target.name])
