import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ProcessExit, SignalName } from "../../domain/process.ts"
import type { Cgroup } from "./cgroups.ts"
import {
  allProcesses,
  type Entry,
  filterGradually,
  hasVariable,
  killTimeout,
  poll,
  processOf
} from "./process-table.ts"

/** Waits until no process of the tree runs. */
export const waitUntilGone = (tree: Tree): Effect.Effect<void> =>
  poll(Effect.map(tree.running, (entries) => entries.length === 0))

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
    // Listing all processes takes long on a big machine, so it is done as rarely as possible.
    const before = yield* tree.running
    if (before.length === 0) return true
    send(
      "SIGTERM",
      before.filter(({ pid }) => pid === process.pid)
    )
    yield* within(process.exit)
    const left = yield* tree.running
    if (left.length === 0) return true
    send(
      "SIGTERM",
      left.filter(({ pid }) => pid !== process.pid)
    )
    if (Option.isSome(yield* within(waitUntilGone(tree)))) return true
    // Repeated, because a process may have forked between the listing and the signal.
    const kill = Effect.map(tree.running, (entries) => {
      tree.kill(entries)
      return entries.length === 0
    })
    return Option.isSome(yield* Effect.timeoutOption(poll(kill), killTimeout))
  })

/** A process, and what it has started. */
export interface Tree {
  /** The processes that run now, including the root. */
  readonly running: Effect.Effect<ReadonlyArray<Entry>>
  /** Sends a signal, unless the pid belongs to another process by now. */
  readonly send: (entry: Entry, signal: SignalName) => void
  /** Sends SIGKILL to these, or to every process of the tree if that can be done at once. */
  readonly kill: (entries: ReadonlyArray<Entry>) => void
}

/** Everything that runs in the cgroup. */
export const treeOfCgroup = (cgroup: Cgroup): Tree => ({
  running: Effect.gen(function* () {
    const found: Array<Entry> = []
    yield* filterGradually(yield* cgroup.pids, (pid) => {
      const entry = processOf(pid)
      if (entry !== undefined) found.push(entry)
      return false
    })
    return found
  }),
  send,
  kill: cgroup.kill
})

/**
 * A process and its descendants. An orphan still belongs to the tree if it is in the same session and has our mark in its
 * environment (Linux). An orphan in a session of its own is a daemon, and stays.
 */
export const makeTree = (root: Entry | undefined, mark: string, session: number | undefined): Tree => {
  const known = new Map<number, Entry>()
  if (root !== undefined) known.set(root.pid, root)
  const oneAtATime = Effect.unsafeMakeSemaphore(1)
  const look = Effect.gen(function* () {
    const all = yield* allProcesses
    for (const entry of known.values()) if (!isSame(entry, all.get(entry.pid))) known.delete(entry.pid)
    // Orphans are adopted by init or a subreaper (prctl(2)), which is in another session. Otherwise the process has a real
    // parent, perhaps another tako whose pipe reuses our pipe's number.
    const isAdopted = ({ parent }: Entry) => parent === 1 || all.get(parent)?.session !== session
    const isOurOrphan = (entry: Entry) =>
      entry.session === session &&
      isAdopted(entry) &&
      entry.pid !== process.pid &&
      !known.has(entry.pid) &&
      hasVariable(entry.pid, [mark])
    for (const orphan of yield* filterGradually(all.values(), isOurOrphan)) known.set(orphan.pid, orphan)
    const childrenOf = new Map<number, Array<Entry>>()
    for (const entry of all.values()) {
      const siblings = childrenOf.get(entry.parent)
      if (siblings === undefined) childrenOf.set(entry.parent, [entry])
      else siblings.push(entry)
    }
    const parents = [...known.keys()]
    for (const parent of parents) {
      for (const child of childrenOf.get(parent) ?? []) {
        if (known.has(child.pid)) continue
        known.set(child.pid, child)
        parents.push(child.pid)
      }
    }
    return [...known.values()]
  })
  return {
    running: oneAtATime.withPermits(1)(look),
    send,
    kill: (entries) => {
      for (const entry of entries) send(entry, "SIGKILL")
    }
  }
}

const send: Tree["send"] = (entry, signal) => {
  if (!isSame(entry, processOf(entry.pid))) return
  try {
    process.kill(entry.pid, signal as NodeJS.Signals)
  } catch {
    // It has just exited (ESRCH), or changed its user (EPERM).
  }
}

export const ourSession = (): number | undefined => processOf(process.pid)?.session

const isSame = (entry: Entry, now: Entry | undefined): boolean => now?.started === entry.started
