import * as Fs from "node:fs"
import * as Os from "node:os"
import { errnoOf } from "./errno.ts"

/** Identifies a process so that another one can tell whether it still runs. Every part can be used in a file name. */
export interface Owner {
  /** The boot it runs in (Linux: /proc/sys/kernel/random/boot_id without dashes), else the host's name. */
  readonly boot: string
  /** The inode of its pid namespace (pid_namespaces(7)); "0" where there is none. */
  readonly namespace: string
  readonly pid: number
  /** When it started, in clock ticks after boot (proc(5), stat field 22); "0" where the system does not say. */
  readonly start: string
}

/** "unknown": the process belongs to another boot, machine or pid namespace, where its pid means something else. */
export type Presence = "alive" | "gone" | "unknown"

export const presence = (owner: Owner): Presence => {
  const { owner: ours, seesProc } = self()
  if (owner.boot !== ours.boot || owner.namespace !== ours.namespace) return "unknown"
  if (!isRunning(owner.pid)) return "gone"
  const stat = seesProc ? readStat(String(owner.pid)) : undefined
  // Unknown start time: another user's process under hidepid, or no /proc.
  if (stat === undefined || owner.start === "0") return "alive"
  return stat.start !== owner.start || stat.ended ? "gone" : "alive"
}

/** This process. */
export const ourselves = (): Owner => self().owner

interface Self {
  readonly owner: Owner
  /** Whether /proc shows our own pid namespace: in a container it may show another one. */
  readonly seesProc: boolean
}

let cached: Self | undefined

const self = (): Self => {
  cached ??= readSelf()
  return cached
}

const readSelf = (): Self => {
  const stat = process.platform === "linux" ? readStat("self") : undefined
  const boot = textOf(() => Fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1"))
  const namespace = textOf(() => Fs.readlinkSync("/proc/self/ns/pid"))
  return {
    owner: {
      boot: (boot ?? Os.hostname()).replace(/[^A-Za-z0-9]/g, "").slice(0, 64) || "0",
      namespace: namespace?.replace(/\D/g, "") || "0",
      pid: process.pid,
      start: stat?.start ?? "0"
    },
    seesProc: stat?.pid === process.pid
  }
}

const textOf = (read: () => string): string | undefined => {
  if (process.platform !== "linux") return undefined
  try {
    return read()
  } catch {
    return undefined
  }
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errnoOf(error) !== "ESRCH"
  }
}

interface Stat {
  readonly pid: number
  readonly start: string
  /** A zombie, which only waits for its parent to reap it. */
  readonly ended: boolean
}

/** The program's name stands in parentheses and may contain some itself, so the fields follow the last one. */
const readStat = (pid: string): Stat | undefined => {
  const text = textOf(() => Fs.readFileSync(`/proc/${pid}/stat`, "latin1"))
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ")
  const start = fields?.[19]
  if (text === undefined || fields === undefined || start === undefined) return undefined
  return { pid: Number.parseInt(text, 10), start, ended: fields[0] === "Z" || fields[0] === "X" }
}
