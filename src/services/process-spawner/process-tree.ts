import * as Fs from "node:fs"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ProcessExit, SignalName } from "../../domain/process.ts"
import { quietly } from "../files/attempt.ts"
import { runSync } from "../helper-program/helper-program.ts"

/** How often to look whether a tree is gone: nobody tells, its members are not our children. */
const pause = Duration.millis(20)

/** How long to wait for what was killed: one that sleeps in the kernel (a dead network disk) may not end at all. */
const patience = Duration.seconds(2)

/** Waits until nothing of the tree runs. */
export const gone = (tree: Tree): Effect.Effect<void> =>
  Effect.suspend(() =>
    tree.running().length === 0 ? Effect.void : Effect.zipRight(Effect.sleep(pause), gone(tree))
  )

/**
 * SIGTERM to the process, and what it leaves behind when it has ended; SIGKILL to all that still run after the grace.
 * Each of them gets SIGTERM once: a parent that passes it on is not doubled. True when nothing of it runs any more.
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
    // To look through all processes takes long on a big machine, and nothing else happens meanwhile: no look too many.
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
    if (Option.isSome(yield* within(gone(tree)))) return true
    // Again and again: between our look and the signal it may have started another one.
    const kill = Effect.suspend(() => {
      send("SIGKILL", tree.running())
      return Effect.timeoutOption(gone(tree), pause)
    })
    const killed = Effect.repeat(kill, { until: Option.isSome })
    return Option.isSome(yield* Effect.timeoutOption(killed, patience))
  })

/** How long to wait between two looks at what has the variable, in ms. */
const sweepPause = 10

/** Kills what has the variable, again and again: it may start others meanwhile. */
export const sweep = (variable: string): Effect.Effect<number> =>
  Effect.gen(function* () {
    const killed = new Set<number>()
    for (let waited = 0; waited < Duration.toMillis(patience); waited += sweepPause) {
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
 * A process and what it has started, and they in turn. One whose parent has ended still belongs to it while it is in the
 * same session and was started with our mark in its environment (Linux); what has left for a session of its own, and lost its
 * parent, is a daemon that means to stay.
 */
export interface Tree {
  /** Those that run now, the process itself among them. */
  readonly running: () => ReadonlyArray<Entry>
  /** To one of them, if it still is that one. */
  readonly send: (entry: Entry, signal: SignalName) => void
}

export const treeOf = (root: Entry | undefined, mark: string, session: number | undefined): Tree => {
  const known = new Map<number, Entry>()
  if (root !== undefined) known.set(root.pid, root)
  return {
    running: () => {
      const all = allProcesses()
      for (const entry of known.values()) if (!isSame(entry, all.get(entry.pid))) known.delete(entry.pid)
      // Whoever adopts orphans, init or a "subreaper" (prctl(2)), is not of this session: this one has a parent of its own,
      // perhaps another tako, whose pipe got the number that ours had.
      const isAdopted = ({ parent }: Entry) => parent === 1 || all.get(parent)?.session !== session
      const isOurOrphan = (entry: Entry) =>
        entry.session === session &&
        isAdopted(entry) &&
        entry.pid !== process.pid &&
        hasVariable(entry.pid, mark)
      const isNew = (entry: Entry) => known.has(entry.parent) || isOurOrphan(entry)
      // A child has been found only after its parent: again, until there is nothing new.
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
        // It has just ended (ESRCH), or become another user's (EPERM).
      }
    }
  }
}

export const ourSession = (): number | undefined => processOf(process.pid)?.session

const isSame = (entry: Entry, now: Entry | undefined): boolean => now?.started === entry.started

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
