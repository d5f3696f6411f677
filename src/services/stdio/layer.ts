import * as Fs from "node:fs"
import * as Tty from "node:tty"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { FileFailed } from "../../domain/errors/files.ts"
import { Stdio } from "./stdio.ts"
import { stdinText, tooMany } from "./value-text.ts"

/** The streams that this process was started with. */
export const layer = Layer.sync(Stdio, () => ({
  stdinIsTerminal: isTerminal(0),
  stdoutIsTerminal: isTerminal(1),
  stderrIsTerminal: isTerminal(2),
  readStdin: Effect.flatMap(readStdin, stdinText),
  out: (text) => write(1, text),
  // With stderr gone there is nobody left to tell.
  say: (line) => Effect.catchAllDefect(write(2, `${line}\n`), () => Effect.void)
}))

/**
 * As isatty(3), but without loading node:tty, which costs 8 ms, for what cannot be one: no character device, or
 * /dev/null. False when closed.
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
 * Stdin to its end, or as much as settles that it is too much. Read by the event loop, so that a producer that never
 * ends can be interrupted; a closed stdin is empty (Node puts /dev/null in its place).
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
  // For a folder Node makes up a stream that is empty.
  if (Fs.fstatSync(0).isDirectory()) return resume(cannotRead("EISDIR"))
  if (stdin.readableEnded || stdin.destroyed) return resume(Effect.succeed(Buffer.alloc(0)))
  stdin.on("data", onData).on("end", onEnd).on("error", onError)
  return Effect.sync(stop)
})

const cannotRead = (code: string) => Effect.die(new FileFailed({ operation: "read", path: "stdin", code }))

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
