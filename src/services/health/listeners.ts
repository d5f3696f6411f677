import * as Fs from "node:fs"
import { errnoOf, unless } from "../files/errno.ts"
import type { Listeners } from "./health.ts"

/**
 * Local addresses at which a connection to 127.0.0.1 can arrive, as in proc_net(5) on a little-endian machine, the one that
 * wins first. Linux prefers the specific address to the unspecified one, and IPv4 sockets to IPv6 sockets
 * (`__inet_lookup_listener`, `compute_score` in net/ipv4/inet_hashtables.c).
 */
const reachableAddresses: ReadonlyArray<string> = [
  "0100007F",
  // ::ffff:127.0.0.1
  "0000000000000000FFFF00000100007F",
  "00000000",
  // ::ffff:0.0.0.0
  "0000000000000000FFFF000000000000",
  // [::], which the file does not tell from one for IPv6 alone: it counts where nothing else listens.
  "0".repeat(32)
]

/** LISTEN. */
const listening = "0A"

/** SYN_RECV. Before Linux 4.4 such connections were listed among the listeners. */
const connecting = "03"

/**
 * The users whose sockets would get a connection to this port of 127.0.0.1. Other sockets on the port do not matter: any app
 * may listen on [::] for IPv6 alone, beside the IPv4 socket of another.
 */
export const listeners = (
  port: number,
  files: ReadonlyArray<string> = ["/proc/net/tcp", "/proc/net/tcp6"]
): Listeners => {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0")
  const users = new Set<number>()
  let rank = reachableAddresses.length
  try {
    const readable = files.map((file) =>
      eachSocket(file, ({ local, state, user }) => {
        const [address = "", localPort] = local.split(":")
        const ours = state === listening && localPort === wanted ? reachableAddresses.indexOf(address) : -1
        if (ours >= 0 && ours < rank) {
          users.clear()
          rank = ours
        }
        if (ours === rank) users.add(user)
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
