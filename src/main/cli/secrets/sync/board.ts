import type { Delivery, Result, Stage } from "../../../../programs/sync/delivery.ts"

/** One delivery, as far as it has come. */
export interface Line {
  readonly delivery: Delivery
  readonly stage: Stage
  /** In milliseconds, as clocks have it; undefined while nothing is done for it: it has not begun, or waits. */
  readonly since: number | undefined
  readonly result: Result | undefined
  /** What it had taken before `since`; of one that has ended, all that it took. */
  readonly millis: number
}

/** What a delivery has taken. That it waited for others, or for a person's answer, does not count. */
export const millisOf = ({ since, result, millis }: Line, now: number): number =>
  since === undefined || result !== undefined ? millis : millis + now - since

/** What is known of all deliveries while they are under way, in their order. */
export interface Board {
  readonly lines: () => ReadonlyArray<Line>
  readonly tell: (delivery: Delivery, stage: Stage, now: number) => void
  readonly end: (result: Result, now: number) => void
}

export const makeBoard = (deliveries: ReadonlyArray<Delivery>): Board => {
  const lines = new Map<Delivery, Line>(
    deliveries.map((delivery) => [
      delivery,
      { delivery, stage: { _tag: "Waiting" }, since: undefined, result: undefined, millis: 0 }
    ])
  )
  const change = (delivery: Delivery, next: (line: Line) => Line) => {
    const line = lines.get(delivery)
    if (line !== undefined) lines.set(delivery, next(line))
  }
  return {
    lines: () => [...lines.values()],
    tell: (delivery, stage, now) =>
      change(delivery, (line) =>
        stage._tag === "Waiting"
          ? { ...line, stage, since: undefined, millis: millisOf(line, now) }
          : { ...line, stage, since: line.since ?? now }
      ),
    end: (result, now) =>
      change(result.delivery, (line) => ({ ...line, result, millis: millisOf(line, now) }))
  }
}

/** Whether the server was sent something that it finishes by itself. */
export const goesOn = ({ stage, result }: Line): boolean =>
  result === undefined && ["Sending", "Rolling", "Draining"].includes(stage._tag)
