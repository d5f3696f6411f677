import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"

/** A process of this machine, as far as a tree of them is made out of it. */
export interface Entry {
  readonly pid: number
  readonly parent: number
  readonly session: number
  /** When it started, in a unit of the system's: with the pid it is one process and no later one. */
  readonly started: string
}

/** Every process that has not ended; one that nobody has asked for its exit code (a zombie) has ended. */
export const allProcesses = (): ReadonlyMap<number, Entry> =>
  process.platform === "linux" ? fromProc() : fromPs()

/** Undefined when there is none, or it has ended. */
export const processOf = (pid: number): Entry | undefined =>
  process.platform === "linux" ? read(pid) : fromPs(pid).get(pid)

/** Whether it was started with this in its environment; unknown off Linux, and of another user's process. */
export const hasVariable = (pid: number, variable: string): boolean => {
  try {
    return Fs.readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(variable)
  } catch {
    return false
  }
}

const fromProc = (): ReadonlyMap<number, Entry> => {
  const found = new Map<number, Entry>()
  for (const name of Fs.readdirSync("/proc")) {
    const entry = /^\d+$/.test(name) ? read(Number(name)) : undefined
    if (entry !== undefined) found.set(entry.pid, entry)
  }
  return found
}

const read = (pid: number): Entry | undefined => {
  try {
    // As UTF-8, which Node reads in one call; a name that is something else is not looked at.
    return parseStat(Fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return undefined
  }
}

/** A line of /proc/<pid>/stat (proc_pid_stat(5)); the name in it may hold anything, parentheses included. */
const parseStat = (line: string): Entry | undefined => {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ")
  const [state = "Z", parent, , session] = fields
  if (state === "Z" || state === "X") return undefined
  return {
    pid: Number.parseInt(line, 10),
    parent: Number(parent),
    session: Number(session),
    started: fields[19] ?? ""
  }
}

/** As ps(1) of macOS and the BSDs tells. */
const fromPs = (pid?: number): ReadonlyMap<number, Entry> => {
  const which = pid === undefined ? ["-ax"] : ["-p", `${pid}`]
  const { stdout } = ChildProcess.spawnSync("ps", [...which, "-o", "pid=,ppid=,stat=,lstart="], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: "/bin:/usr/bin", LC_ALL: "C" }
  })
  const found = new Map<number, Entry>()
  for (const line of (stdout ?? "").split("\n")) {
    const [, own, parent, state = "Z", started = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+)$/.exec(line) ?? []
    if (own === undefined || state.startsWith("Z")) continue
    found.set(Number(own), { pid: Number(own), parent: Number(parent), session: 0, started })
  }
  return found
}
