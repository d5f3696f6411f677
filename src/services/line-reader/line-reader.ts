import type { Duplex } from "node:stream"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { omitUndefined } from "../../domain/omit-undefined.ts"

/**
 * `end`: the other side has ended, and all that it sent were whole lines. `cut`: it ended within a line. `reset`: the
 * connection broke. `too-long`, `slow`: a line that is longer, or takes longer, than is allowed. `busy`: all readers
 * together hold too much.
 */
export class NoLine extends Data.TaggedError("NoLine")<{
  readonly reason: "end" | "cut" | "reset" | "too-long" | "slow" | "busy"
  /** The errno's name, when there is one. */
  readonly code?: string
}> {}

/** The bytes of lines that have begun and not ended, of many readers: a bound for all of them. */
export interface Budget {
  held: number
  readonly most: number
}

interface LineReader {
  /** The next line, without its newline; its time begins with its first byte, and `idle` is for that one. */
  readonly next: (idle: Duration.DurationInput) => Effect.Effect<Buffer, NoLine>
  /** Forgets what has been read of a line. */
  readonly release: () => void
}

interface LineLimits {
  /** In bytes, the newline not counted. */
  readonly length: number
  readonly within: Duration.DurationInput
  readonly budget?: Budget
}

const newline = 0x0a

/** Lines of a stream, of which no more is read than is asked for. */
export const lineReader = (stream: Duplex, { length: most, within, budget }: LineLimits): LineReader => {
  let parts: Array<Buffer> = []
  let held = 0
  let fault: NoLine | undefined
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const each of [...waiting]) each()
  }
  const fail = (reason: NoLine["reason"], code?: string) => {
    fault ??= new NoLine({ reason, ...omitUndefined({ code }) })
    wake()
  }
  stream.on("readable", wake)
  stream.on("end", () => fail(held > 0 ? "cut" : "end"))
  stream.on("error", (error: NodeJS.ErrnoException) => fail("reset", error.code))
  stream.on("close", () => fail("reset"))

  const hold = (part: Buffer) => {
    parts.push(part)
    held += part.length
    if (budget !== undefined) budget.held += part.length
  }
  const release = () => {
    if (budget !== undefined) budget.held -= held
    parts = []
    held = 0
  }

  /** A line; a fault; or undefined as long as there is neither. */
  const pull = (): Buffer | NoLine | undefined => {
    for (;;) {
      const chunk = stream.read() as Buffer | null
      if (chunk === null) return fault
      const end = chunk.indexOf(newline)
      const part = end < 0 ? chunk : chunk.subarray(0, end)
      if (held + part.length > most) return new NoLine({ reason: "too-long" })
      hold(part)
      if (end >= 0) {
        const line = parts.length === 1 ? part : Buffer.concat(parts)
        release()
        if (end + 1 < chunk.length) stream.unshift(chunk.subarray(end + 1))
        return line
      }
      if (budget !== undefined && budget.held > budget.most) return new NoLine({ reason: "busy" })
    }
  }

  const until = <A>(look: () => A | NoLine | undefined): Effect.Effect<A, NoLine> =>
    Effect.async((resume) => {
      const attempt = () => {
        const result = look()
        if (result === undefined) return
        waiting.delete(attempt)
        resume(result instanceof NoLine ? Effect.fail(result) : Effect.succeed(result))
      }
      waiting.add(attempt)
      attempt()
      return Effect.sync(() => waiting.delete(attempt))
    })

  const timed = <A>(effect: Effect.Effect<A, NoLine>, duration: Duration.DurationInput) =>
    Effect.timeoutFail(effect, { duration, onTimeout: () => new NoLine({ reason: "slow" }) })

  return {
    next: (idle) =>
      Effect.suspend(() => {
        const first = timed(
          until(() => pull() ?? (held > 0 ? "begun" : undefined)),
          idle
        )
        return Effect.flatMap(first, (result) =>
          result === "begun" ? timed(until(pull), within) : Effect.succeed(result)
        )
      }),
    release
  }
}

/** Waits until the other side, or the system for it, has taken all of it. */
export const writeLine = (stream: Duplex, line: string): Effect.Effect<void, NoLine> =>
  Effect.async((resume) => {
    if (stream.destroyed || stream.writableEnded) return resume(new NoLine({ reason: "reset" }))
    const broken = () => resume(new NoLine({ reason: "reset" }))
    stream.once("close", broken)
    stream.write(line, (error) => {
      stream.off("close", broken)
      const code = (error as NodeJS.ErrnoException | null | undefined)?.code
      resume(error == null ? Effect.void : new NoLine({ reason: "reset", ...omitUndefined({ code }) }))
    })
    return Effect.sync(() => stream.off("close", broken))
  })
