import type { FileHandle } from "node:fs/promises"
import * as Fs from "node:fs/promises"
import * as Effect from "effect/Effect"
import { errnoOf } from "../files/errno.ts"
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
): Effect.Effect<Listeners> =>
  Effect.promise(async () => {
    const users = new Set<number>()
    let rank = reachableAddresses.length
    let isKnown = false
    try {
      for (const file of files) {
        const isReadable = await eachListener(file, port, ({ address, user }) => {
          const ours = reachableAddresses.indexOf(address)
          if (ours >= 0 && ours < rank) {
            users.clear()
            rank = ours
          }
          if (ours === rank) users.add(user)
        })
        isKnown ||= isReadable
      }
      return isKnown ? users : "unknown"
    } catch (error) {
      if (isShortage(errnoOf(error))) return "unchecked"
      throw error
    }
  })

interface Listener {
  readonly address: string
  readonly user: number
}

const chunkLength = 65_536

/**
 * Reads the listeners on the port. Returns false if the file cannot be read. How long the file is depends on what the apps have
 * opened, so it is read without blocking, and only lines that contain the port are taken apart.
 */
const eachListener = async (
  path: string,
  port: number,
  visit: (listener: Listener) => void
): Promise<boolean> => {
  const file = await open(path)
  if (file === undefined) return false
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  try {
    const chunk = Buffer.alloc(chunkLength)
    let rest = ""
    for (;;) {
      const { bytesRead } = await file.read(chunk)
      const text = rest + chunk.toString("latin1", 0, bytesRead)
      const end = bytesRead === 0 ? text.length : text.lastIndexOf("\n") + 1
      for (let at = text.indexOf(wanted); at >= 0 && at < end; at = text.indexOf(wanted, at + 1)) {
        const { local, state, user } = socketAt(text, at)
        if (state === listening && local.endsWith(wanted))
          visit({ address: local.slice(0, -wanted.length), user })
      }
      // Listeners come first, and a hundred thousand connections may follow.
      const last = socketAt(text, end - 2)
      const areMoreListeners =
        last.state === listening || last.state === connecting || !last.local.includes(":")
      if (bytesRead === 0 || !areMoreListeners) return true
      rest = text.slice(end)
    }
  } finally {
    await file.close()
  }
}

const open = async (path: string): Promise<FileHandle | undefined> => {
  try {
    return await Fs.open(path)
  } catch (error) {
    if (["ENOENT", "EACCES"].includes(errnoOf(error) ?? "")) return undefined
    throw error
  }
}

interface Socket {
  readonly local: string
  readonly state: string
  readonly user: number
}

/** The socket in the line around this position: sl local_address rem_address st tx:rx tr:tm retrnsmt uid … */
const socketAt = (text: string, at: number): Socket => {
  const begin = text.lastIndexOf("\n", at) + 1
  const end = text.indexOf("\n", at)
  const line = text.slice(begin, end < 0 ? undefined : end)
  const [, local = "", , state = "", , , , user] = line.trim().split(/\s+/)
  return { local, state, user: Number(user) }
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
