import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Result } from "../../../../programs/sync/delivery.ts"
import { outTable } from "../../output.ts"
import { sayFailures, shortly } from "../../servers/failures.ts"
import { type Ink, Style } from "../../style.ts"
import type { Cell } from "../../table.ts"
import type { Line } from "./board.ts"
import { sayChanges, sayDelivered, sayNames } from "./words.ts"

/** More rows than this are put together where they say the same, so that all of it fits on one screen. */
const mostRows = 16
const mostErrors = 3

/** A table of what became of each server, then the errors in full, each once. */
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
        sayNames(servers),
        ...cells,
        ...(dryRun ? [] : [span(millis)])
      ]
    )
  ])
  yield* sayFailures(
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
    const failed: Cell = [shortly(outcome.left), ink.red]
    return dryRun ? [failed] : [failed, "", ""]
  }
  const { state, revision, instances } = outcome.right
  if (!dryRun) return [[sayDelivered[state], ink.green], String(revision), String(instances)]
  return [state === "unchanged" ? [sayDelivered[state], ink.green] : sayChanges(outcome.right)]
}

const span = (millis: ReadonlyArray<number>): string => {
  const [least, most] = [Math.min(...millis), Math.max(...millis)].map((one) => (one / 1000).toFixed(1))
  return least === most ? String(least) : `${least}-${most}`
}
