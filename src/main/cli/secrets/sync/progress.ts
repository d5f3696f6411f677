import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Delivery, Listener, Result } from "../../../../programs/sync/delivery.ts"
import { Stdio } from "../../../../services/stdio/stdio.ts"
import { Style } from "../../style.ts"
import { type Board, makeBoard } from "./board.ts"
import { draw, type Size, summary } from "./draw.ts"
import { jsonEnded, jsonStage } from "./json.ts"
import { sayLine } from "./plain.ts"

/** What is shown while servers are spoken to. */
export interface Progress extends Listener {
  readonly board: Board
  /** Nothing is drawn meanwhile: a person is asked something on the same terminal. */
  readonly pause: <A, E, R>(asking: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** What was drawn becomes one line. */
  readonly finish: Effect.Effect<void>
}

export type Way = { readonly _tag: "Live"; readonly size: () => Size } | { readonly _tag: "Plain" | "Json" }

export const makeProgress = Effect.fnUntraced(function* (deliveries: ReadonlyArray<Delivery>, way: Way) {
  const board = makeBoard(deliveries)
  const stdio = yield* Stdio
  const now = Clock.currentTimeMillis
  const noting = {
    tell: (...[delivery, stage]: Parameters<Listener["tell"]>) =>
      Effect.map(now, (now) => board.tell(delivery, stage, now)),
    ended: (result: Result) => Effect.map(now, (now) => board.end(result, now))
  }
  const still = { board, pause: <A, E, R>(asking: Effect.Effect<A, E, R>) => asking, finish: Effect.void }
  switch (way._tag) {
    case "Live":
      return { ...noting, board, ...(yield* live(board, way.size)) } satisfies Progress as Progress
    case "Json":
      return {
        ...still,
        tell: (delivery, stage) =>
          Effect.zipRight(noting.tell(delivery, stage), stdio.out(jsonStage(delivery, stage))),
        ended: (result) =>
          Effect.zipRight(
            noting.ended(result),
            Effect.suspend(() => stdio.out(jsonEnded(board, result)))
          )
      } satisfies Progress as Progress
    case "Plain": {
      const { err } = yield* Style
      const say = (delivery: Delivery) => {
        const line = sayLine(board, delivery, err)
        return line === undefined ? Effect.void : stdio.say(line)
      }
      return {
        ...still,
        tell: (delivery, stage) =>
          Effect.zipRight(
            noting.tell(delivery, stage),
            Effect.suspend(() => say(delivery))
          ),
        ended: (result) =>
          Effect.zipRight(
            noting.ended(result),
            Effect.suspend(() => say(result.delivery))
          )
      } satisfies Progress as Progress
    }
  }
})

const pace = "100 millis"

/** Redraws in place (ECMA-48: CUU, ED) as long as the scope is open. */
const live = Effect.fnUntraced(function* (board: Board, size: () => Size) {
  const stdio = yield* Stdio
  const { err } = yield* Style
  let drawn = 0
  let last = ""
  let paused = 0
  const put = (lines: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      const text = lines.join("\n")
      if (text === last) return Effect.void
      // What begins with a space is written as it is, and not folded.
      const back = drawn === 0 ? "" : ` \u001b[${drawn}A\r\u001b[J`
      last = text
      drawn = lines.length
      return stdio.say(back + text)
    })
  const drawNow = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    paused > 0 ? Effect.void : put(draw(board, size(), now, err))
  )
  const settle = Effect.suspend(() => {
    const lines = board.lines()
    const end = drawn === 0 ? Effect.void : put([` ${summary(lines)}`])
    return Effect.tap(end, () => {
      drawn = 0
      last = ""
    })
  })
  yield* Effect.forkScoped(Effect.forever(Effect.zipRight(drawNow, Effect.sleep(pace))))
  return {
    pause: <A, E, R>(asking: Effect.Effect<A, E, R>) =>
      Effect.acquireUseRelease(
        Effect.zipRight(
          Effect.sync(() => paused++),
          settle
        ),
        () => asking,
        () => Effect.sync(() => paused--)
      ),
    finish: Effect.suspend(() => {
      paused++
      return settle
    })
  }
})
