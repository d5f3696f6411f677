import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { displayWidth } from "../../../../domain/display-width.ts"
import type { Delivery, Listener, Result, Stage } from "../../../../programs/sync/delivery.ts"
import { Stdio } from "../../../../services/stdio/stdio.ts"
import type { Ink } from "../../../command-line/ink.ts"
import { Style } from "../../context.ts"
import { counted, seconds } from "../../output.ts"
import { shortFailure } from "../../servers/delivery-failures.ts"
import { deliveredLabels, jsonEnded, jsonStage, placeLabels, progressMessage, stageLabel } from "./report.ts"

/** Shows how a sync is going. */
export interface Progress extends Listener {
  readonly board: Board
  /** Stops drawing while a person is asked something on the same terminal. */
  readonly pause: <A, E, R>(asking: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Replaces what was drawn by one line. */
  readonly finish: Effect.Effect<void>
}

export type ProgressStyle =
  | { readonly _tag: "Live"; readonly size: () => Size }
  | { readonly _tag: "Plain" | "Json" }

export const makeProgress = Effect.fnUntraced(function* (
  deliveries: ReadonlyArray<Delivery>,
  style: ProgressStyle
) {
  const board = makeBoard(deliveries)
  const stdio = yield* Stdio
  const now = Clock.currentTimeMillis
  const recording = {
    onStage: (...[delivery, stage]: Parameters<Listener["onStage"]>) =>
      Effect.map(now, (now) => board.advance(delivery, stage, now)),
    onResult: (result: Result) => Effect.map(now, (now) => board.complete(result, now))
  }
  const undrawn = { board, pause: <A, E, R>(asking: Effect.Effect<A, E, R>) => asking, finish: Effect.void }
  switch (style._tag) {
    case "Live":
      return { ...recording, board, ...(yield* live(board, style.size)) } satisfies Progress as Progress
    case "Json":
      return {
        ...undrawn,
        onStage: (delivery, stage) =>
          Effect.zipRight(recording.onStage(delivery, stage), stdio.out(jsonStage(delivery, stage))),
        onResult: (result) =>
          Effect.zipRight(
            recording.onResult(result),
            Effect.suspend(() => stdio.out(jsonEnded(board, result)))
          )
      } satisfies Progress as Progress
    case "Plain": {
      const { err } = yield* Style
      const say = (delivery: Delivery) => {
        const line = progressMessage(board, delivery, err)
        return line === undefined ? Effect.void : stdio.say(line)
      }
      return {
        ...undrawn,
        onStage: (delivery, stage) =>
          Effect.zipRight(
            recording.onStage(delivery, stage),
            Effect.suspend(() => say(delivery))
          ),
        onResult: (result) =>
          Effect.zipRight(
            recording.onResult(result),
            Effect.suspend(() => say(result.delivery))
          )
      } satisfies Progress as Progress
    }
  }
})

const redrawInterval = "100 millis"

/** Redraws in place (ECMA-48: CUU, ED) while the scope is open. */
const live = Effect.fnUntraced(function* (board: Board, size: () => Size) {
  const stdio = yield* Stdio
  const { err } = yield* Style
  let drawn = 0
  let last = ""
  let paused = 0
  const write = (lines: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      const text = lines.join("\n")
      if (text === last) return Effect.void
      // A line that begins with a space is not folded.
      const back = drawn === 0 ? "" : ` \u001b[${drawn}A\r\u001b[J`
      last = text
      drawn = lines.length
      return stdio.say(back + text)
    })
  const redraw = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    paused > 0 ? Effect.void : write(draw(board, size(), now, err))
  )
  const leaveSummary = Effect.suspend(() => {
    const lines = board.lines()
    const end = drawn === 0 ? Effect.void : write([` ${summary(lines)}`])
    return Effect.tap(end, () => {
      drawn = 0
      last = ""
    })
  })
  yield* Effect.forkScoped(Effect.forever(Effect.zipRight(redraw, Effect.sleep(redrawInterval))))
  return {
    pause: <A, E, R>(asking: Effect.Effect<A, E, R>) =>
      Effect.acquireUseRelease(
        Effect.zipRight(
          Effect.sync(() => paused++),
          leaveSummary
        ),
        () => asking,
        () => Effect.sync(() => paused--)
      ),
    finish: Effect.suspend(() => {
      paused++
      return leaveSummary
    })
  }
})

/** How far one delivery is. */
export interface Line {
  readonly delivery: Delivery
  readonly stage: Stage
  /** When it last became active, in milliseconds since the epoch; undefined while it waits. */
  readonly since: number | undefined
  readonly result: Result | undefined
  /** The time it was active before `since`; in total once it has ended. */
  readonly millis: number
}

/** How long a delivery has been active. Waiting for others or for a person does not count. */
export const activeMillis = ({ since, result, millis }: Line, now: number): number =>
  since === undefined || result !== undefined ? millis : millis + now - since

/** The state of all deliveries, in their order. */
export interface Board {
  readonly lines: () => ReadonlyArray<Line>
  readonly advance: (delivery: Delivery, stage: Stage, now: number) => void
  readonly complete: (result: Result, now: number) => void
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
    advance: (delivery, stage, now) =>
      change(delivery, (line) =>
        stage._tag === "Waiting"
          ? { ...line, stage, since: undefined, millis: activeMillis(line, now) }
          : { ...line, stage, since: line.since ?? now }
      ),
    complete: (result, now) =>
      change(result.delivery, (line) => ({ ...line, result, millis: activeMillis(line, now) }))
  }
}

/** Whether the server finishes this delivery even if the connection is lost. */
export const continuesOnServer = ({ stage, result }: Line): boolean =>
  result === undefined && ["Sending", "Rolling", "Draining"].includes(stage._tag)

export interface Size {
  readonly columns: number
  readonly rows: number
}

/**
 * The board as lines that fit a terminal of this size: a line for each delivery or, if they are too many, a summary and
 * those in progress. Each line begins with a space.
 */
export const draw = (board: Board, { columns, rows }: Size, now: number, ink: Ink): ReadonlyArray<string> => {
  const lines = board.lines()
  const room = Math.max(1, Math.min(rows - 2, 20))
  const several = new Set(lines.map(({ delivery }) => delivery.parcel.environment)).size > 1
  if (lines.length <= room) return aligned(lines, several, columns, now, ink)
  const active = lines.filter(({ since, result }) => since !== undefined && !result)
  return [
    truncate(` ${summary(lines)}`, columns),
    ...aligned(active.slice(0, room - 1), several, columns, now, ink)
  ]
}

/** "12 of 200 done, 2 failed", or "200 servers" before the first one has ended. */
export const summary = (lines: ReadonlyArray<Line>): string => {
  const ended = lines.flatMap(({ result }) => (result === undefined ? [] : [result]))
  const failed = ended.filter(({ outcome }) => Either.isLeft(outcome)).length
  if (ended.length === 0)
    return counted(new Set(lines.map(({ delivery }) => delivery.target.name)).size, "server")
  const done = `${ended.length - failed} of ${lines.length} done`
  return failed === 0 ? done : `${done}, ${failed} failed`
}

const aligned = (
  lines: ReadonlyArray<Line>,
  several: boolean,
  columns: number,
  now: number,
  ink: Ink
): ReadonlyArray<string> => {
  const places = lines.map(({ delivery }) => placeLabels(delivery, several))
  const widths = [0, 1].map((n) => Math.max(0, ...places.map((place) => displayWidth(place[n] ?? ""))))
  return lines.map((line, n) => {
    const place = (places[n] ?? []).map((text, column) => text.padEnd(widths[column] ?? 0)).join("   ")
    const [status, paint] = statusOf(line, ink)
    const before = ` ${place}   `
    const isIdle = line.since === undefined && line.result === undefined
    const after = isIdle ? "" : seconds(activeMillis(line, now))
    const text = truncate(`${before}${status.padEnd(statusWidth)} ${after}`.trimEnd(), columns)
    const isWhole = text.startsWith(before + status)
    return isWhole ? `${before}${paint(status)}${text.slice(before.length + status.length)}` : text
  })
}

const statusWidth = 19

const statusOf = ({ stage, result }: Line, ink: Ink): readonly [string, (text: string) => string] => {
  if (result === undefined) return [stageLabel(stage), stage._tag === "Waiting" ? ink.dim : (text) => text]
  return Either.match(result.outcome, {
    onLeft: (error) => [shortFailure(error), ink.red] as const,
    onRight: ({ state }) => [deliveredLabels[state], ink.green] as const
  })
}

/** Leaves one column free: some terminals wrap a line that fills the last one. */
const truncate = (text: string, columns: number): string => {
  if (displayWidth(text) < columns) return text
  let shorter = text
  while (shorter.length > 0 && displayWidth(shorter) >= columns - 1) shorter = shorter.slice(0, -1)
  return `${shorter}…`
}
