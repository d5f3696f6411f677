import * as Fs from "node:fs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { runSync } from "../helper-program/helper-program.ts"

/** The facts about a process that a tree is built from. */
export interface Entry {
  readonly pid: number
  readonly parent: number
  /** Its process group. */
  readonly group: number
  readonly session: number
  /** The start time in a unit of the system's, which tells it from a later process with the same pid. */
  readonly started: string
}

/** Every running process. Zombies do not count. */
export const allProcesses: Effect.Effect<ReadonlyMap<number, Entry>> = Effect.suspend(() =>
  process.platform === "linux" ? fromProc : Effect.sync(fromPs)
)

/** Undefined if there is no such process, or it is a zombie. */
export const processOf = (pid: number): Entry | undefined =>
  process.platform === "linux" ? read(pid) : fromPs(pid).get(pid)

/** Whether the process was started with one of these variables ("NAME=value"). False if its environment is unreadable. */
export const hasVariable = (pid: number, variables: ReadonlyArray<string>): boolean => {
  try {
    const environment = Fs.readFileSync(`/proc/${pid}/environ`, "latin1").split("\0")
    return environment.some((variable) => variables.includes(variable))
  } catch {
    return false
  }
}

/** Whether the process runs as one of these users by any of its user ids (proc_pid_status(5)). */
export const runsAs = (pid: number, users: ReadonlySet<number>): boolean => {
  try {
    const [, ids = ""] = /^Uid:\t(.*)$/m.exec(Fs.readFileSync(`/proc/${pid}/status`, "latin1")) ?? []
    return ids.split("\t").some((id) => users.has(Number(id)))
  } catch {
    return false
  }
}

/** How many processes are looked at before other work of this process gets its turn. */
const batch = 64

/** Those that match. How many processes there are is up to the apps, so a look at all of them must not hold up their fronts. */
export const filterGradually = <A>(
  all: Iterable<A>,
  matches: (each: A) => boolean
): Effect.Effect<ReadonlyArray<A>> =>
  Effect.gen(function* () {
    const found: Array<A> = []
    let looked = 0
    for (const each of all) {
      if (matches(each)) found.push(each)
      if (++looked % batch === 0) yield* otherWork
    }
    return found
  })

/** How long to wait for killed processes. One that is stuck in the kernel (a dead network disk) may never exit. */
export const killTimeout = Duration.seconds(2)

/** The shortest time between two looks. Nothing notifies us of the exit of processes that are not our children. */
const pollInterval = Duration.millis(20)

/** Looks until that returns true, but spends no more than a tenth of the time on it. */
export const poll = (look: Effect.Effect<boolean>): Effect.Effect<void> =>
  Effect.flatMap(Effect.timed(look), ([took, isDone]) => {
    if (isDone) return Effect.void
    return Effect.zipRight(Effect.sleep(Duration.max(pollInterval, Duration.times(took, 9))), poll(look))
  })

const otherWork: Effect.Effect<void> = Effect.async((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})

const fromProc = Effect.gen(function* () {
  const found = new Map<number, Entry>()
  const names = yield* Effect.promise(() => Fs.promises.readdir("/proc"))
  yield* filterGradually(names, (name) => {
    const entry = /^\d+$/.test(name) ? read(Number(name)) : undefined
    if (entry !== undefined) found.set(entry.pid, entry)
    return false
  })
  return found
})

const read = (pid: number): Entry | undefined => {
  try {
    // Node reads UTF-8 in one call. The name, which may not be UTF-8, is not used.
    return parseStat(Fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return undefined
  }
}

/** A line of /proc/<pid>/stat (proc_pid_stat(5)); the name in it may contain anything, even parentheses. */
const parseStat = (line: string): Entry | undefined => {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ")
  const [state = "Z", parent, group, session] = fields
  if (state === "Z" || state === "X") return undefined
  return {
    pid: Number.parseInt(line, 10),
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    started: fields[19] ?? ""
  }
}

/** Reads ps(1) on macOS and the BSDs. */
const fromPs = (pid?: number): ReadonlyMap<number, Entry> => {
  const which = pid === undefined ? ["-ax"] : ["-p", `${pid}`]
  const printed = runSync({
    program: "ps",
    args: [...which, "-o", "pid=,ppid=,pgid=,stat=,lstart="],
    environment: { PATH: "/bin:/usr/bin", LC_ALL: "C" },
    timeLimit: 10_000,
    outputLimit: 16 * 1024 * 1024
  })
  const lines = Option.match(printed, { onNone: () => "", onSome: (bytes) => bytes.toString("utf8") })
  const found = new Map<number, Entry>()
  for (const line of lines.split("\n")) {
    const [, own, parent, group, state = "Z", started = ""] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+)$/.exec(line) ?? []
    if (own === undefined || state.startsWith("Z")) continue
    found.set(Number(own), {
      pid: Number(own),
      parent: Number(parent),
      group: Number(group),
      session: 0,
      started
    })
  }
  return found
}
