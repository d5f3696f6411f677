import type { IncomingMessage } from "node:http"
import type { Connection } from "./connection.ts"
import { trailing } from "./fields.ts"
import type { RequestHead } from "./request-head.ts"

/** Where a body goes, and who wants to know. */
export interface BodyTarget {
  /** Without one, what still comes is thrown away, so that the client can read its answer. */
  readonly connection: () => Connection | undefined
  readonly moved: () => void
  readonly sent: () => void
}

/** Sends a request's body on as it comes, no faster than the backend takes it. */
export const sendBody = (
  request: IncomingMessage,
  framing: RequestHead["body"],
  { connection, moved, sent }: BodyTarget
): void => {
  const isChunked = framing === "chunked"
  request.on("data", (bytes: Buffer) => {
    moved()
    const to = connection()
    if (to === undefined) return
    const goesOn = isChunked ? writeChunk(to, bytes) : to.write(bytes)
    if (!goesOn) request.pause()
  })
  request.on("end", () => {
    const to = connection()
    if (to === undefined) return
    moved()
    if (isChunked) to.write(lastChunk(request.rawTrailers), "latin1")
    sent()
  })
}

const writeChunk = (to: Connection, bytes: Buffer): boolean => {
  to.cork()
  to.write(`${bytes.length.toString(16)}\r\n`, "latin1")
  to.write(bytes)
  const goesOn = to.write("\r\n", "latin1")
  to.uncork()
  return goesOn
}

const lastChunk = (trailers: ReadonlyArray<string>): string =>
  `0\r\n${trailing(trailers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`
