import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { AppName } from "../../domain/app/app-name.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import type { LogLine } from "../../domain/protocol/replies.ts"
import type { InstanceOutput } from "./instance-log.ts"
import { type Needles, needlesIn, needlesOf } from "./masking.ts"

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

/** Longer lines are cut into several. */
const longestLine = 65_536

/** Masked lines out of the bytes of one stream. */
export class LineSplitter {
  private readonly decoder = new TextDecoder()
  private readonly onLine: (line: string) => void
  /** Something came since it was last looked. */
  private isFresh = false
  /** Not masked yet: the beginning of a value, perhaps. */
  private held = ""
  /** Masked, and without its newline yet. */
  private line = ""

  constructor(onLine: (line: string) => void) {
    this.onLine = onLine
  }

  take(needles: Needles, piece: Uint8Array): void {
    const { text, rest } = needles.hide(this.held + this.decoder.decode(piece, { stream: true }), false)
    this.held = rest
    this.isFresh = true
    this.add(text)
  }

  /** Whether there is something that has waited since the last question. */
  isOverdue(): boolean {
    const { isFresh } = this
    this.isFresh = false
    return !isFresh && (this.held !== "" || this.line !== "")
  }

  /** Nobody knows when there comes more: tells what there is. */
  flush(needles: Needles): void {
    this.add(needles.hide(this.held, true).text)
    this.held = ""
    this.tell()
  }

  /** What would be told if there came nothing more. */
  pending(needles: Needles): string {
    return this.line + needles.hide(this.held, true).text
  }

  private add(text: string): void {
    const lines = (this.line + text).split("\n")
    this.line = lines.pop() ?? ""
    for (const line of lines) this.onLine(line.replace(/\r$/, ""))
    while (this.line.length > longestLine) {
      this.onLine(this.line.slice(0, longestLine))
      this.line = this.line.slice(longestLine)
    }
  }

  private tell(): void {
    if (this.line === "") return
    const { line } = this
    this.line = ""
    this.onLine(line)
  }
}
