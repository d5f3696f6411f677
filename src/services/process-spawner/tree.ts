import type { SignalName } from "../../domain/process.ts"
import { allProcesses, type Entry, hasVariable, processOf } from "./processes.ts"

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
