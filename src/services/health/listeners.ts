import * as Fs from "node:fs"
import { errnoOf, unless } from "../files/attempt.ts"
import type { Listeners } from "./health.ts"

/** 127.0.0.1, 0.0.0.0, [::] and [::ffff:127.0.0.1] as proc_net(5) has them, on a machine that stores numbers as Intel's do. */
const reachable: ReadonlySet<string> = new Set([
  "0100007F",
  "00000000",
  "0".repeat(32),
  "0000000000000000FFFF00000100007F"
])

const listening = "0A"

/** Until Linux 4.4, connections that are being made stood among the listeners. */
const arriving = "03"

/** Whose sockets listen where a connection to 127.0.0.1 on the port arrives. */
export const listeners = (
  port: number,
  files: ReadonlyArray<string> = ["/proc/net/tcp", "/proc/net/tcp6"]
): Listeners => {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0")
  const users = new Set<number>()
  try {
    const isTold = files.map((file) =>
      eachSocket(file, ({ local, state, user }) => {
        const [address = "", localPort] = local.split(":")
        if (state === listening && localPort === wanted && reachable.has(address)) users.add(user)
        return state === listening || state === arriving
      })
    )
    return isTold.includes(true) ? users : "unknown"
  } catch (error) {
    if (isShortage(errnoOf(error))) return "unasked"
    throw error
  }
}

interface Socket {
  readonly local: string
  readonly state: string
  readonly user: number
}

const pieceLength = 65_536

/** Until `goesOn` says no: listeners come first, and there may be a hundred thousand connections behind them. */
const eachSocket = (path: string, goesOn: (socket: Socket) => boolean): boolean => {
  const fd = unless(["ENOENT", "EACCES"], () => Fs.openSync(path, "r"))
  if (fd === undefined) return false
  try {
    const piece = Buffer.alloc(pieceLength)
    let rest = ""
    for (;;) {
      const length = Fs.readSync(fd, piece)
      const lines = (rest + piece.toString("latin1", 0, length)).split("\n")
      rest = length === 0 ? "" : (lines.pop() ?? "")
      for (const line of lines) {
        // sl local_address rem_address st tx:rx tr:tm retrnsmt uid …
        const [, local = "", , state = "", , , , user] = line.trim().split(/\s+/)
        if (local.includes(":") && !goesOn({ local, state, user: Number(user) })) return true
      }
      if (length === 0) return true
    }
  } finally {
    Fs.closeSync(fd)
  }
}

const shortages: ReadonlySet<string> = new Set([
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EADDRNOTAVAIL",
  "EADDRINUSE"
])

/** Whether a connection came to nothing for want of our own: of descriptors, of memory, of a port to begin at. */
export const isShortage = (errno: string | undefined): boolean => errno !== undefined && shortages.has(errno)
