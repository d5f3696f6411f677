import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import { FileFailed } from "../../domain/errors/files.ts"
import { tooMany } from "./stdin-text.ts"

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
