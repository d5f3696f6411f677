import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Delivered, Delivery, Result, Stage } from "../../../../programs/sync/delivery.ts"
import type { Ink } from "../../../command-line/ink.ts"
import { Style } from "../../context.ts"
import { outTable } from "../../output.ts"
import { failureToJson, reportFailures, shortFailure } from "../../servers/delivery-failures.ts"
import type { Cell } from "../../table.ts"
import type { Board, Line } from "./progress.ts"

/** With more rows than this, equal rows are merged so that the table fits on one screen. */
const mostRows = 16
const mostErrors = 3

/** A table with the result on each server, then each error in full once. */
export const report = Effect.fnUntraced(function* (lines: ReadonlyArray<Line>, dryRun: boolean) {
  const { out } = yield* Style
  const ended = lines.flatMap(({ result, millis }) => (result === undefined ? [] : [{ result, millis }]))
  const several = new Set(ended.map(({ result }) => result.delivery.parcel.environment)).size > 1
  const rows = new Map<string, Row>()
  for (const [n, { result, millis }] of ended.entries()) {
    const cells = [...(several ? [result.delivery.parcel.environment] : []), ...cellsOf(result, dryRun, out)]
    const key = ended.length > mostRows ? JSON.stringify(cells) : String(n)
    const row = rows.get(key) ?? { servers: [], cells, millis: [] }
    rows.set(key, {
      ...row,
      servers: [...row.servers, result.delivery.target.name],
      millis: [...row.millis, millis]
    })
  }
  const headings = dryRun ? ["WOULD CHANGE"] : ["RESULT", "REVISION", "REPLACED", "SECONDS"]
  yield* outTable([
    ["SERVER", ...(several ? ["ENVIRONMENT"] : []), ...headings].map((heading): Cell => [heading, out.bold]),
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
    mostErrors
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
  if (!dryRun) return [[sayDelivered[state], ink.green], String(revision), String(instances)]
  return [state === "unchanged" ? [sayDelivered[state], ink.green] : listChanges(outcome.right)]
}

const span = (millis: ReadonlyArray<number>): string => {
  const [least, most] = [Math.min(...millis), Math.max(...millis)].map((one) => (one / 1000).toFixed(1))
  return least === most ? String(least) : `${least}-${most}`
}

const placeOf = ({ parcel, target }: Delivery) => ({
  environment: parcel.environment,
  server: target.name,
  app: parcel.app
})

const stages: { readonly [S in Stage["_tag"]]: string } = {
  Waiting: "wait",
  Connecting: "connect",
  Checking: "check",
  Sending: "send",
  Rolling: "roll",
  Draining: "drain"
}

const line = (value: object): string => `${JSON.stringify(value)}\n`

export const jsonStage = (delivery: Delivery, stage: Stage): string =>
  line({
    event: "stage",
    ...placeOf(delivery),
    stage: stages[stage._tag],
    ...(stage._tag === "Rolling" ? { ready: stage.ready, instances: stage.instances } : {})
  })

export const jsonEnded = (board: Board, { delivery, outcome }: Result): string => {
  const millis = board.lines().find((one) => one.delivery === delivery)?.millis ?? 0
  return line({
    event: "ended",
    ...placeOf(delivery),
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
  return line({
    event: "summary",
    deliveries: results.length,
    done: results.length - failed,
    failed,
    seconds: millis / 1000
  })
}

/** The line for a delivery where nothing can be drawn: its rollout, and its end. */
export const sayLine = (board: Board, delivery: Delivery, ink: Ink): string | undefined => {
  const lines = board.lines()
  const line = lines.find((one) => one.delivery === delivery)
  if (line === undefined) return undefined
  const several = new Set(lines.map(({ delivery }) => delivery.parcel.environment)).size > 1
  const place = sayPlace(delivery, several).join(", ")
  const { result, stage, millis } = line
  if (result === undefined) {
    return stage._tag === "Rolling" || stage._tag === "Draining" ? `${place}: ${sayStage(stage)}` : undefined
  }
  return Either.match(result.outcome, {
    onLeft: (error) => `${place}: ${ink.red(shortFailure(error))}, ${saySeconds(millis)}`,
    onRight: ({ state, revision, instances }) => {
      if (state === "planned") return undefined
      const replaced = instances === 0 ? "" : `, ${instances} replaced`
      const what = `${ink.green(sayDelivered[state])}, revision ${revision}${replaced}`
      return `${place}: ${what}, ${saySeconds(millis)}`
    }
  })
}

export const sayStage = (stage: Stage): string => {
  switch (stage._tag) {
    case "Waiting":
      return "wait"
    case "Connecting":
      return "connect"
    case "Checking":
      return "check"
    case "Sending":
      return "send"
    case "Rolling":
      return `roll ${stage.ready}/${stage.instances}`
    case "Draining":
      return "drain"
  }
}

export const sayDelivered: { readonly [S in Delivered["state"]]: string } = {
  updated: "synced",
  unproven: "synced, not running",
  unchanged: "up to date",
  planned: "would change"
}

/** In seconds: "4.2 s". */
export const saySeconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`

/** The environment is named only if there are several. */
export const sayPlace = (
  { parcel, target }: Delivery,
  severalEnvironments: boolean
): ReadonlyArray<string> => (severalEnvironments ? [target.name, parcel.environment] : [target.name])

/** "- OLD, ~ OTHER, + NEW", up to `most` of them. */
export const listChanges = (
  { added, changed, removed }: Pick<Delivered, "added" | "changed" | "removed">,
  most = 6
): string => {
  const all = [
    ...removed.map((name) => `- ${name}`),
    ...changed.map((name) => `~ ${name}`),
    ...added.map((name) => `+ ${name}`)
  ]
  const shown = all.slice(0, most).join(", ")
  return all.length > most ? `${shown} and ${all.length - most} more` : shown
}

/** "la, fra, syd and 12 more". */
export const listNames = (names: ReadonlyArray<string>, most = 3): string =>
  names.length <= most + 1
    ? names.join(", ")
    : `${names.slice(0, most).join(", ")} and ${names.length - most} more`
