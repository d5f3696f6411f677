import * as Fs from "node:fs"
import { errnoOf, unless } from "../files/errno.ts"
import type { Listeners } from "./health.ts"

/** 127.0.0.1, 0.0.0.0, [::] and [::ffff:127.0.0.1] as in proc_net(5), on a little-endian machine. */
const reachableAddresses: ReadonlySet<string> = new Set([
  "0100007F",
  "00000000",
  "0".repeat(32),
  "0000000000000000FFFF00000100007F"
])

/** LISTEN. */
const listening = "0A"

/** SYN_RECV. Before Linux 4.4 such connections were listed among the listeners. */
const connecting = "03"

/** The users whose sockets listen where a connection to this port of 127.0.0.1 arrives. */
export const listeners = (
  port: number,
  files: ReadonlyArray<string> = ["/proc/net/tcp", "/proc/net/tcp6"]
): Listeners => {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0")
  const users = new Set<number>()
  try {
    const readable = files.map((file) =>
      eachSocket(file, ({ local, state, user }) => {
        const [address = "", localPort] = local.split(":")
        if (state === listening && localPort === wanted && reachableAddresses.has(address)) users.add(user)
        return state === listening || state === connecting
      })
    )
    return readable.includes(true) ? users : "unknown"
  } catch (error) {
    if (isShortage(errnoOf(error))) return "unchecked"
    throw error
  }
}

interface Socket {
  readonly local: string
  readonly state: string
  readonly user: number
}

const chunkLength = 65_536

/**
 * Reads sockets until `visit` returns false: listeners come first, and a hundred thousand connections may follow. Returns false
 * if the file cannot be read.
 */
const eachSocket = (path: string, visit: (socket: Socket) => boolean): boolean => {
  const fd = unless(["ENOENT", "EACCES"], () => Fs.openSync(path, "r"))
  if (fd === undefined) return false
  try {
    const chunk = Buffer.alloc(chunkLength)
    let rest = ""
    for (;;) {
      const length = Fs.readSync(fd, chunk)
      const lines = (rest + chunk.toString("latin1", 0, length)).split("\n")
      rest = length === 0 ? "" : (lines.pop() ?? "")
      for (const line of lines) {
        // sl local_address rem_address st tx:rx tr:tm retrnsmt uid …
        const [, local = "", , state = "", , , , user] = line.trim().split(/\s+/)
        if (local.includes(":") && !visit({ local, state, user: Number(user) })) return true
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

/** Whether a connection failed because this process or machine ran out of descriptors, memory or local ports. */
export const isShortage = (errno: string | undefined): boolean => errno !== undefined && shortages.has(errno)
