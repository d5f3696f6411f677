import * as Either from "effect/Either"
import type { Delivery } from "../../../../programs/sync/delivery.ts"
import { shortly } from "../../servers/failures.ts"
import type { Ink } from "../../style.ts"
import type { Board } from "./board.ts"
import { sayDelivered, sayPlace, saySeconds, sayStage } from "./words.ts"

/** What there is to say of a delivery where nothing can be drawn: how it rolls, and how it ended. */
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
    onLeft: (error) => `${place}: ${ink.red(shortly(error))}, ${saySeconds(millis)}`,
    onRight: ({ state, revision, instances }) => {
      if (state === "planned") return undefined
      const replaced = instances === 0 ? "" : `, ${instances} replaced`
      const what = `${ink.green(sayDelivered[state])}, revision ${revision}${replaced}`
      return `${place}: ${what}, ${saySeconds(millis)}`
    }
  })
}
