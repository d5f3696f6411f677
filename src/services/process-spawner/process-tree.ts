import * as Fs from "node:fs"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ProcessExit, SignalName } from "../../domain/process.ts"
import { quietly } from "../files/errno.ts"
import { runSync } from "../helper-program/helper-program.ts"

/** Time between two looks at a tree. Its members are not our children, so nothing notifies us of their exit. */
const pollInterval = Duration.millis(20)

/** How long to wait for killed processes. One that is stuck in the kernel (a dead network disk) may never exit. */
const killTimeout = Duration.seconds(2)

/** Waits until no process of the tree runs. */
export const waitUntilGone = (tree: Tree): Effect.Effect<void> =>
  Effect.suspend(() =>
    tree.running().length === 0
      ? Effect.void
      : Effect.zipRight(Effect.sleep(pollInterval), waitUntilGone(tree))
  )

/**
 * Sends SIGTERM to the process and, once it has exited, to descendants that outlive it; then SIGKILL to whatever still runs after the
 * grace period. Each process gets at most one SIGTERM from us. Returns whether all of them have exited.
 */
export const stop = (
  process: { readonly pid: number; readonly exit: Effect.Effect<ProcessExit> },
  tree: Tree,
  grace: Duration.DurationInput
): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(grace)
    const within = <A>(effect: Effect.Effect<A>) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.timeoutOption(effect, Duration.millis(Math.max(0, deadline - now)))
      )
    const send = (signal: SignalName, entries: ReadonlyArray<Entry>) => {
      for (const entry of entries) tree.send(entry, signal)
    }
    // Listing all processes blocks this process, and takes long on a big machine, so it is done as rarely as possible.
    const before = tree.running()
    if (before.length === 0) return true
    send(
      "SIGTERM",
      before.filter(({ pid }) => pid === process.pid)
    )
    yield* within(process.exit)
    const left = tree.running()
    if (left.length === 0) return true
    send(
      "SIGTERM",
      left.filter(({ pid }) => pid !== process.pid)
    )
    if (Option.isSome(yield* within(waitUntilGone(tree)))) return true
    // Repeated, because a process may have forked between the listing and the signal.
    const kill = Effect.suspend(() => {
      send("SIGKILL", tree.running())
      return Effect.timeoutOption(waitUntilGone(tree), pollInterval)
    })
    const killed = Effect.repeat(kill, { until: Option.isSome })
    return Option.isSome(yield* Effect.timeoutOption(killed, killTimeout))
  })

/** Time between two sweeps, in ms. */
const sweepPause = 10

/** Kills processes that have the variable until none is left, because they may fork meanwhile. */
export const sweep = (variable: string): Effect.Effect<number> =>
  Effect.gen(function* () {
    const killed = new Set<number>()
    for (let waited = 0; waited < Duration.toMillis(killTimeout); waited += sweepPause) {
      const found = [...allProcesses().keys()].filter(
        (pid) => pid !== process.pid && hasVariable(pid, variable)
      )
      for (const pid of found) {
        killed.add(pid)
        quietly(() => process.kill(pid, "SIGKILL"))
      }
      if (found.length === 0) break
      yield* Effect.sleep(sweepPause)
    }
    return killed.size
  })

/**
 * A process and its descendants. An orphan still belongs to the tree if it is in the same session and has our mark in its
 * environment (Linux). An orphan in a session of its own is a daemon, and stays.
 */
export interface Tree {
  /** The processes that run now, including the root. */
  readonly running: () => ReadonlyArray<Entry>
  /** Sends a signal, unless the pid belongs to another process by now. */
  readonly send: (entry: Entry, signal: SignalName) => void
}

export const makeTree = (root: Entry | undefined, mark: string, session: number | undefined): Tree => {
  const known = new Map<number, Entry>()
  if (root !== undefined) known.set(root.pid, root)
  return {
    running: () => {
      const all = allProcesses()
      for (const entry of known.values()) if (!isSame(entry, all.get(entry.pid))) known.delete(entry.pid)
      // Orphans are adopted by init or a subreaper (prctl(2)), which is in another session. Otherwise the process has a real
      // parent, perhaps another tako whose pipe reuses our pipe's number.
      const isAdopted = ({ parent }: Entry) => parent === 1 || all.get(parent)?.session !== session
      const isOurOrphan = (entry: Entry) =>
        entry.session === session &&
        isAdopted(entry) &&
        entry.pid !== process.pid &&
        hasVariable(entry.pid, mark)
      const isNew = (entry: Entry) => known.has(entry.parent) || isOurOrphan(entry)
      // A child may be listed before its parent, so repeat until nothing new is found.
      for (let size = -1; size !== known.size; ) {
        size = known.size
        for (const entry of all.values())
          if (!known.has(entry.pid) && isNew(entry)) known.set(entry.pid, entry)
      }
      return [...known.values()]
    },
    send: (entry, signal) => {
      if (!isSame(entry, processOf(entry.pid))) return
      try {
        process.kill(entry.pid, signal as NodeJS.Signals)
      } catch {
        // It has just exited (ESRCH), or changed its user (EPERM).
      }
    }
  }
}

export const ourSession = (): number | undefined => processOf(process.pid)?.session

const isSame = (entry: Entry, now: Entry | undefined): boolean => now?.started === entry.started

/** The facts about a process that a tree is built from. */
export interface Entry {
  readonly pid: number
  readonly parent: number
  readonly session: number
  /** The start time in a unit of the system's, which tells it from a later process with the same pid. */
  readonly started: string
}

/** Every running process. Zombies do not count. */
export const allProcesses = (): ReadonlyMap<number, Entry> =>
  process.platform === "linux" ? fromProc() : fromPs()

/** Undefined if there is no such process, or it is a zombie. */
export const processOf = (pid: number): Entry | undefined =>
  process.platform === "linux" ? read(pid) : fromPs(pid).get(pid)

/** Whether the process was started with this variable. False if its environment is unreadable. */
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
    // Node reads UTF-8 in one call. The name, which may not be UTF-8, is not used.
    return parseStat(Fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return undefined
  }
}

/** A line of /proc/<pid>/stat (proc_pid_stat(5)); the name in it may contain anything, even parentheses. */
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

/** Reads ps(1) on macOS and the BSDs. */
const fromPs = (pid?: number): ReadonlyMap<number, Entry> => {
  const which = pid === undefined ? ["-ax"] : ["-p", `${pid}`]
  const printed = runSync({
    program: "ps",
    args: [...which, "-o", "pid=,ppid=,stat=,lstart="],
    environment: { PATH: "/bin:/usr/bin", LC_ALL: "C" },
    timeLimit: 10_000,
    outputLimit: 16 * 1024 * 1024
  })
  const lines = Option.match(printed, { onNone: () => "", onSome: (bytes) => bytes.toString("utf8") })
  const found = new Map<number, Entry>()
  for (const line of lines.split("\n")) {
    const [, own, parent, state = "Z", started = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+)$/.exec(line) ?? []
    if (own === undefined || state.startsWith("Z")) continue
    found.set(Number(own), { pid: Number(own), parent: Number(parent), session: 0, started })
  }
  return found
}
