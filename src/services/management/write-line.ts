import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import { NoLine } from "./line-reader.ts"

/** Waits until the other side, or the system for it, has taken all of it. */
export const writeLine = (stream: Duplex, line: string): Effect.Effect<void, NoLine> =>
  Effect.async((resume) => {
    if (stream.destroyed || stream.writableEnded) return resume(new NoLine({ reason: "reset" }))
    const broken = () => resume(new NoLine({ reason: "reset" }))
    stream.once("close", broken)
    stream.write(line, (error) => {
      stream.off("close", broken)
      const code = (error as NodeJS.ErrnoException | null | undefined)?.code
      resume(
        error == null ? Effect.void : new NoLine({ reason: "reset", ...(code === undefined ? {} : { code }) })
      )
    })
    return Effect.sync(() => stream.off("close", broken))
  })
