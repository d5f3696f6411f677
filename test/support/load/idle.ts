import * as Net from "node:net"
import { setTimeout } from "node:timers/promises"

/**
 * One connection that is kept for as long as it goes, over which something is asked only now and then; `answered` is
 * called for each. Rejects when the connection ends.
 */
export const speakSeldom = async (
  address: Net.TcpNetConnectOpts,
  pause: number,
  stopped: AbortSignal,
  answered: () => void
): Promise<void> => {
  const client = Net.connect(address)
  const closed = new Promise<never>((_, reject) => {
    client.on("error", reject)
    client.on("close", () => reject(new Error("the connection was closed")))
  })
  closed.catch(() => {})
  const ask = (path: string) =>
    new Promise<void>((resolve, reject) => {
      let text = ""
      const read = (part: Buffer) => {
        text += part.toString("latin1")
        if (text.length > 12 && !text.startsWith("HTTP/1.1 200 "))
          return reject(new Error(text.slice(0, 200)))
        if (!text.endsWith(path)) return
        client.off("data", read)
        resolve()
      }
      client.on("data", read)
      client.write(`GET ${path} HTTP/1.1\r\nHost: load\r\n\r\n`)
    })
  try {
    for (let nth = 0; ; nth++) {
      await Promise.race([ask(`/idle/${nth}/end`), closed])
      answered()
      if (stopped.aborted) break
      await Promise.race([setTimeout(pause, undefined, { signal: stopped }).catch(() => {}), closed])
    }
  } finally {
    client.destroy()
  }
}
