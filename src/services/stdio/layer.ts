import * as Fs from "node:fs"
import * as Tty from "node:tty"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { FileFailed } from "../../domain/errors/files.ts"
import { Stdio } from "./stdio.ts"
import { stdinText, tooMany } from "./value-text.ts"

/** The standard streams of this process. */
export const layer = Layer.sync(Stdio, () => ({
  stdinIsTerminal: isTerminal(0),
  stdoutIsTerminal: isTerminal(1),
  stderrIsTerminal: isTerminal(2),
  readStdin: Effect.flatMap(readStdin, stdinText),
  out: (text) => write(1, text),
  // With stderr closed, the failure cannot be reported.
  say: (line) => Effect.catchAllDefect(write(2, `${line}\n`), () => Effect.void)
}))

/**
 * Like isatty(3), but without loading node:tty, which costs 8 ms, for what cannot be a terminal: anything but a character device, and
 * /dev/null. False if closed.
 */
export const isTerminal = (fd: number): boolean => {
  try {
    const stats = Fs.fstatSync(fd)
    return stats.isCharacterDevice() && stats.rdev !== Fs.statSync("/dev/null").rdev && Tty.isatty(fd)
  } catch {
    return false
  }
}

/**
 * Reads stdin to its end, or until it is too large. Reads in the event loop, so that an endless producer
 * can be interrupted. A closed stdin is empty (Node replaces it by /dev/null).
 */
export const readStdin: Effect.Effect<Uint8Array> = Effect.async<Uint8Array>((resume) => {
  const { stdin } = process
  const chunks: Array<Buffer> = []
  let size = 0
  const stop = () => {
    stdin.off("data", onData).off("end", onEnd).off("error", onError)
    stdin.destroy()
  }
  const finish = (result: Effect.Effect<Uint8Array>) => {
    stop()
    resume(result)
  }
  const onEnd = () => finish(Effect.succeed(Buffer.concat(chunks)))
  const onError = (error: NodeJS.ErrnoException) => finish(cannotRead(error.code ?? "unknown"))
  const onData = (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size >= tooMany) onEnd()
  }
  // For a directory, Node provides an empty stream.
  if (Fs.fstatSync(0).isDirectory()) return resume(cannotRead("EISDIR"))
  if (stdin.readableEnded || stdin.destroyed) return resume(Effect.succeed(Buffer.alloc(0)))
  stdin.on("data", onData).on("end", onEnd).on("error", onError)
  return Effect.sync(stop)
})

const cannotRead = (code: string) => Effect.die(new FileFailed({ operation: "read", path: "stdin", code }))

/** How long to wait for a slow reader of a stream that somebody made non-blocking. */
const pause = "2 millis"

/**
 * Writes all of the text, using write(2) directly: process.stdout would cost the start a few
 * milliseconds and is asynchronous for some kinds of streams, so an exit could cut the text short. A reader that
 * has gone away (EPIPE) has read what it wanted. Any other failure ends
 * the command with a FileFailed as a defect, because lost data must not look delivered.
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
