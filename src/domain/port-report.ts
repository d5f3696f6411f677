/** What a process has reported on fd 4: the port it listens on, or why there is none. */
export type PortReport =
  /** A TCP port from 1 to 65535. */
  | { readonly _tag: "Listening"; readonly port: number }
  /** It wrote something else, which is not kept. */
  | { readonly _tag: "Garbage" }
  /** It exited or closed fd 4 without a report, or it had no fd 4. */
  | { readonly _tag: "Silent" }

/** At most this many bytes of fd 4 are read: a port and its newline take six. */
export const maxReportLength = 16

export const silent: PortReport = { _tag: "Silent" }

/**
 * Parses what has arrived on fd 4: a port in decimal and a newline. Undefined while the newline may still come; at the end of
 * the pipe it may be missing.
 */
export const portReport = (bytes: Uint8Array, isEnd: boolean): PortReport | undefined => {
  const text = String.fromCharCode(...bytes.subarray(0, maxReportLength))
  const [line = "", ...more] = text.split("\n")
  const isWhole = more.length > 0 || isEnd || bytes.length >= maxReportLength
  if (!isWhole) return undefined
  if (text === "") return silent
  const port = /^[1-9]\d{0,4}\r?$/.test(line) ? Number.parseInt(line, 10) : 0
  return port >= 1 && port <= 65535 ? { _tag: "Listening", port } : { _tag: "Garbage" }
}
