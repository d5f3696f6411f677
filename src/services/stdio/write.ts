import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import { FileFailed } from "../../domain/errors/files.ts"

/** How long to let a reader read that holds up a stream which somebody made non-blocking. */
const pause = "2 millis"

/**
 * Hands all of the text to the operating system. By write(2) itself: process.stdout would cost the start a few
 * milliseconds, and is asynchronous for some of what a stream can be, so that an exit could cut it short. A reader that
 * went away (EPIPE) has read what it wanted. Any other failure ends
 * the command, as a FileFailed that nobody is meant to catch: data that is lost must not look delivered.
 */
export const write = (fd: number, text: string): Effect.Effect<void> => {
  const bytes = new TextEncoder().encode(text)
  const from = (start: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      let at = start
      try {
        while (at < bytes.length) at += Fs.writeSync(fd, bytes, at)
        return Effect.void
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? "unknown"
        if (code === "EAGAIN") return Effect.zipRight(Effect.sleep(pause), from(at))
        if (code === "EPIPE") return Effect.void
        return Effect.die(
          new FileFailed({ operation: "write to", path: fd === 1 ? "stdout" : "stderr", code })
        )
      }
    })
  return from(0)
}
