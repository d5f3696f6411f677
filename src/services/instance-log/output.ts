import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { AppName } from "../../domain/app/app-name.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import type { LogLine } from "../../domain/protocol/replies.ts"
import type { InstanceOutput } from "./instance-log.ts"
import { LineSplitter } from "./line-splitter.ts"
import { type Needles, needlesIn } from "./masking.ts"
import { needlesOf } from "./needles.ts"

/** Where lines go, those of one piece at once. */
export type Sink = (app: AppName, lines: ReadonlyArray<LogLine>) => void

/** How long what has no newline waits for it, and what may be the beginning of a value for the rest. */
const patience = "500 millis"
/** Of each instance, for those who ask why it failed. */
const remembered = 50

/** Outputs whose lines go to the sink; those of one app mask each other's values. */
export const outputsInto = (sink: Sink) => {
  const secretsOf = new Map<AppName, ReadonlyArray<SecretSet>>()
  const needlesFor = new Map<AppName, Needles>()
  const know = (app: AppName, sets: ReadonlyArray<SecretSet>) => {
    if (sets.length === 0) {
      secretsOf.delete(app)
      needlesFor.delete(app)
      return
    }
    secretsOf.set(app, sets)
    needlesFor.set(app, needlesIn(needlesOf(new Set(sets))))
  }
  const nothing = needlesIn([])
  const needles = (app: AppName) => needlesFor.get(app) ?? nothing

  return (instance: {
    readonly app: AppName
    readonly id: string
    readonly secrets: SecretSet
  }): Effect.Effect<InstanceOutput, never, Scope.Scope> =>
    Effect.gen(function* () {
      const { app, id, secrets } = instance
      const clock = yield* Effect.clock
      const last: Array<string> = []
      let lines: Array<LogLine> = []
      const splitterOf = (stream: LogLine["stream"]) =>
        new LineSplitter((text) => {
          const at = new Date(clock.unsafeCurrentTimeMillis()).toISOString()
          lines.push({ at, instance: id, stream, text })
          last.push(text)
          if (last.length > remembered) last.shift()
        })
      const splitters = { stdout: splitterOf("stdout"), stderr: splitterOf("stderr") }
      const both = [splitters.stdout, splitters.stderr]
      const hand = () => {
        if (lines.length > 0) sink(app, lines)
        lines = []
      }
      const flush = (isDue: (splitter: LineSplitter) => boolean) =>
        Effect.sync(() => {
          for (const splitter of both) if (isDue(splitter)) splitter.flush(needles(app))
          hand()
        })
      yield* Effect.acquireRelease(
        Effect.sync(() => know(app, [...(secretsOf.get(app) ?? []), secrets])),
        () =>
          Effect.sync(() => {
            const known = [...(secretsOf.get(app) ?? [])]
            known.splice(known.indexOf(secrets), 1)
            know(app, known)
          })
      )
      yield* Effect.addFinalizer(() => flush(() => true))
      yield* flush((splitter) => splitter.isOverdue()).pipe(
        Effect.schedule(Schedule.spaced(patience)),
        // It may be opened where nothing is to be interrupted.
        Effect.interruptible,
        Effect.forkScoped
      )
      return {
        write: (stream, piece) => {
          splitters[stream].take(needles(app), piece)
          hand()
        },
        lastLines: (count) =>
          Effect.sync(() => {
            const pending = both
              .map((splitter) => splitter.pending(needles(app)))
              .filter((text) => text !== "")
            return [...last, ...pending].slice(-count)
          })
      }
    })
}
