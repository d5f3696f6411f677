import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { AppName } from "../../domain/app/app-name.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import type { LogLine } from "../../domain/protocol/replies.ts"
import type { InstanceOutput } from "./instance-log.ts"
import { type Masker, maskedForms, maskerOf } from "./masking.ts"

/** Receives the lines of one piece together. */
export type Sink = (app: AppName, lines: ReadonlyArray<LogLine>) => void

/** How long an unfinished line, or the possible beginning of a value, waits for the rest. */
const flushAfter = "500 millis"
/** Lines kept of each instance, to report with a failure. */
const linesKept = 50

/** Opens outputs whose lines go to the sink. All outputs of an app mask the values of all of its instances. */
export const outputsTo = (sink: Sink) => {
  const secretsOf = new Map<AppName, ReadonlyArray<SecretSet>>()
  const maskers = new Map<AppName, Masker>()
  const setSecrets = (app: AppName, sets: ReadonlyArray<SecretSet>) => {
    if (sets.length === 0) {
      secretsOf.delete(app)
      maskers.delete(app)
      return
    }
    secretsOf.set(app, sets)
    maskers.set(app, maskerOf(maskedForms(new Set(sets))))
  }
  const masksNothing = maskerOf([])
  const masker = (app: AppName) => maskers.get(app) ?? masksNothing

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
          if (last.length > linesKept) last.shift()
        })
      const splitters = { stdout: splitterOf("stdout"), stderr: splitterOf("stderr") }
      const both = [splitters.stdout, splitters.stderr]
      const handOver = () => {
        if (lines.length > 0) sink(app, lines)
        lines = []
      }
      const flush = (isDue: (splitter: LineSplitter) => boolean) =>
        Effect.sync(() => {
          for (const splitter of both) if (isDue(splitter)) splitter.flush(masker(app))
          handOver()
        })
      yield* Effect.acquireRelease(
        Effect.sync(() => setSecrets(app, [...(secretsOf.get(app) ?? []), secrets])),
        () =>
          Effect.sync(() => {
            const known = [...(secretsOf.get(app) ?? [])]
            known.splice(known.indexOf(secrets), 1)
            setSecrets(app, known)
          })
      )
      yield* Effect.addFinalizer(() => flush(() => true))
      yield* flush((splitter) => splitter.isOverdue()).pipe(
        Effect.schedule(Schedule.spaced(flushAfter)),
        // The caller may be uninterruptible, but closing the scope has to interrupt this.
        Effect.interruptible,
        Effect.forkScoped
      )
      return {
        write: (stream, piece) => {
          splitters[stream].take(masker(app), piece)
          handOver()
        },
        lastLines: (count) =>
          Effect.sync(() => {
            const pending = both
              .map((splitter) => splitter.pending(masker(app)))
              .filter((text) => text !== "")
            return [...last, ...pending].slice(-count)
          })
      }
    })
}

/** Longer lines are split. */
const maxLineLength = 65_536

/** Splits the bytes of one stream into masked lines. */
export class LineSplitter {
  private readonly decoder = new TextDecoder()
  private readonly onLine: (line: string) => void
  /** Output arrived since the last call of isOverdue. */
  private isFresh = false
  /** Not masked yet, because it may be the beginning of a value. */
  private held = ""
  /** Masked, without a newline yet. */
  private line = ""

  constructor(onLine: (line: string) => void) {
    this.onLine = onLine
  }

  take(masker: Masker, piece: Uint8Array): void {
    const { text, rest } = masker.mask(this.held + this.decoder.decode(piece, { stream: true }), false)
    this.held = rest
    this.isFresh = true
    this.add(text)
  }

  /** Whether something has been waiting since the last call. */
  isOverdue(): boolean {
    const { isFresh } = this
    this.isFresh = false
    return !isFresh && (this.held !== "" || this.line !== "")
  }

  /** Emits what is held back, without waiting for the rest. */
  flush(masker: Masker): void {
    this.add(masker.mask(this.held, true).text)
    this.held = ""
    this.emit()
  }

  /** What flush would emit. */
  pending(masker: Masker): string {
    return this.line + masker.mask(this.held, true).text
  }

  private add(text: string): void {
    const lines = (this.line + text).split("\n")
    this.line = lines.pop() ?? ""
    for (const line of lines) this.onLine(line.replace(/\r$/, ""))
    while (this.line.length > maxLineLength) {
      this.onLine(this.line.slice(0, maxLineLength))
      this.line = this.line.slice(maxLineLength)
    }
  }

  private emit(): void {
    if (this.line === "") return
    const { line } = this
    this.line = ""
    this.onLine(line)
  }
}
