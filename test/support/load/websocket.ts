import * as Net from "node:net"
import { randomBytes } from "../random.ts"
import { acceptOf, close, decode, encode, text } from "./frames.ts"
import type { StreamEnd } from "./tally.ts"

/** How often a message is sent: ms. */
const pace = 50
/** "Going away" (RFC 6455 §7.4.1). */
const goingAway = 1001

/**
 * One WebSocket, on which each message must come back, in order; `echoed` is called for each. The app's first message is
 * its pid. Resolves when the connection ends, rejects when anything was wrong before.
 */
export const converse = (
  address: Net.TcpNetConnectOpts,
  stopped: AbortSignal,
  echoed: () => void
): Promise<StreamEnd | undefined> =>
  new Promise((resolve, reject) => {
    const key = randomBytes(16, "websocket key").toString("base64")
    const client = Net.connect({ ...address, noDelay: true })
    let received: Buffer = Buffer.alloc(0)
    let isOpen = false
    let pid: number | undefined
    let sent = 0
    let echoes = 0
    let code: number | undefined
    const fail = (problem: string) => {
      reject(new Error(problem))
      client.destroy()
    }
    const stop = () => client.destroy()
    stopped.addEventListener("abort", stop)
    const timer = setInterval(() => {
      if (pid === undefined || code !== undefined) return
      if (sent - echoes > 200) return fail(`no echo for ${(200 * pace) / 1000} s`)
      client.write(encode(text, Buffer.from(`${sent++}`)))
    }, pace)
    const handle = (opcode: number, payload: Buffer) => {
      if (opcode === close) {
        code = payload.readUInt16BE(0)
        client.end(encode(close, payload))
      } else if (pid === undefined) pid = Number(payload.toString())
      else if (payload.toString() !== `${echoes}`) fail(`message ${echoes} came back as ${payload}`)
      else {
        echoes++
        echoed()
      }
    }
    client.write(
      "GET /chat HTTP/1.1\r\nHost: load\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`
    )
    client.on("data", (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      if (!isOpen) {
        const end = received.indexOf("\r\n\r\n")
        if (end < 0) return
        const head = received.toString("latin1", 0, end)
        if (!head.startsWith("HTTP/1.1 101 ") || !head.includes(acceptOf(key)))
          return fail(head.slice(0, 200))
        isOpen = true
        received = received.subarray(end + 4)
      }
      for (let next = decode(received); next !== undefined; next = decode(received)) {
        const [{ opcode, payload }, rest] = next
        received = rest
        handle(opcode, payload)
      }
    })
    // What it means is told by what came before.
    client.on("error", () => {})
    client.on("close", () => {
      clearInterval(timer)
      stopped.removeEventListener("abort", stop)
      if (stopped.aborted) resolve(undefined)
      else if (pid === undefined) reject(new Error("closed before its first message"))
      else resolve({ kind: "websocket", pid, how: code === goingAway ? "told" : "cut" })
    })
  })
