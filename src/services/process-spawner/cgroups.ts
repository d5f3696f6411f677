import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { quietly, unless } from "../files/errno.ts"
import { isInside } from "../files/paths-within.ts"
import { killTimeout, poll, processOf } from "./process-table.ts"

/**
 * A cgroup of one process. Whatever the process starts stays in it, whatever session, parent and environment it chooses; only root
 * can move it out (cgroups(7)).
 */
export interface Cgroup {
  /**
   * Calls `fork` with this process inside, so that a process that it forks starts there. Once it runs, moving it would be too late:
   * it may have forked already, and what it has forked stays outside.
   */
  readonly enclose: <A>(fork: () => A) => A
  /** The pids of its processes, without zombies. */
  readonly pids: Effect.Effect<ReadonlyArray<number>>
  /** Sends SIGKILL to all of them at once, which no fork outruns. */
  readonly kill: () => void
  /** Kills all of them and removes the cgroup. Gives up after {@link killTimeout}. */
  readonly remove: Effect.Effect<void>
}

/** Undefined if the system refuses. */
type MakeCgroup = () => Cgroup | undefined

/**
 * Makes cgroups below our own (cgroup v2). They are removed with the scope or, if this process is killed, by the next one that is
 * started in the same cgroup. Undefined where cgroups are not mounted, not ours to change, or older than cgroup.kill (Linux 5.14).
 */
export const cgroupMaker = Effect.gen(function* () {
  const home = ownCgroup()
  const self = processOf(process.pid)
  if (home === undefined || self === undefined) return undefined
  // Open throughout, so that a lack of descriptors cannot keep us in the cgroup of a child.
  const wayBack = yield* Effect.acquireRelease(
    Effect.option(Effect.try(() => Fs.openSync(Path.join(home, "cgroup.procs"), "w"))),
    (opened) => Effect.sync(() => Option.map(opened, (fd) => Fs.closeSync(fd)))
  )
  if (Option.isNone(wayBack)) return undefined
  yield* Effect.forEach(foldersOfDeadProcesses(home), killAndRemove, { discard: true })
  const folder = Path.join(home, `${prefix}${self.pid}.${self.started}`)
  yield* Effect.addFinalizer(() => killAndRemove(folder))
  let made = 0
  const make: MakeCgroup = () => {
    try {
      const path = Path.join(folder, `${made++}`)
      Fs.mkdirSync(path, { recursive: true })
      return cgroupAt(path, wayBack.value)
    } catch {
      return undefined
    }
  }
  const trial = make()
  if (trial === undefined || !Fs.existsSync(Path.join(folder, "cgroup.kill"))) return undefined
  const isAllowed = yield* Effect.isSuccess(Effect.try(() => trial.enclose(() => {})))
  yield* trial.remove
  return isAllowed && ownCgroup() === home ? make : undefined
})

const prefix = "tako-server."

/** `home` is cgroup.procs of our own cgroup. */
const cgroupAt = (path: string, home: number): Cgroup => ({
  enclose: (fork) => {
    Fs.writeFileSync(`${path}/cgroup.procs`, ourselves)
    try {
      return fork()
    } finally {
      // Should this fail, the child is ours all the same, and the next one takes us out.
      quietly(() => Fs.writeSync(home, ourselves, 0))
    }
  },
  pids: Effect.tryPromise(() => Fs.promises.readFile(`${path}/cgroup.procs`, "latin1")).pipe(
    Effect.map((text) => text.split("\n").filter(Boolean).map(Number)),
    Effect.orElseSucceed(() => [])
  ),
  kill: () => kill(path),
  remove: killAndRemove(path)
})

/** The process that writes it to cgroup.procs, with all of its threads. */
const ourselves = "0"

const kill = (cgroup: string): void =>
  quietly(() => {
    // Should a way back have failed, we are inside.
    const own = ownCgroup()
    if (own !== undefined && !isInside(cgroup, own)) Fs.writeFileSync(`${cgroup}/cgroup.kill`, "1")
  })

const killAndRemove = (cgroup: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    kill(cgroup)
    // One that still has a process, or a cgroup in it, is refused (EBUSY).
    return Effect.asVoid(Effect.timeoutOption(poll(Effect.sync(() => isRemoved(cgroup))), killTimeout))
  })

const isRemoved = (cgroup: string): boolean => {
  try {
    for (const entry of Fs.readdirSync(cgroup, { withFileTypes: true })) {
      if (entry.isDirectory()) isRemoved(Path.join(cgroup, entry.name))
    }
    Fs.rmdirSync(cgroup)
  } catch {}
  return !Fs.existsSync(cgroup)
}

const foldersOfDeadProcesses = (home: string): ReadonlyArray<string> =>
  (unless(["EACCES"], () => Fs.readdirSync(home)) ?? []).flatMap((name) => {
    if (!name.startsWith(prefix)) return []
    const [pid, started] = name.slice(prefix.length).split(".")
    return processOf(Number(pid))?.started === started ? [] : [Path.join(home, name)]
  })

/** The folder of the cgroup that this process is in (proc_pid_cgroup(5), proc_pid_mountinfo(5)). */
const ownCgroup = (): string | undefined => {
  try {
    const [, own] = /^0::(\/.*)$/m.exec(Fs.readFileSync("/proc/self/cgroup", "utf8")) ?? []
    const [, root, mountPoint] =
      /^\d+ \d+ \S+ (\S+) (\S+) .* - cgroup2 /m.exec(Fs.readFileSync("/proc/self/mountinfo", "utf8")) ?? []
    if (own === undefined || root === undefined || mountPoint === undefined) return undefined
    // A container may have only a part of the hierarchy.
    return isInside(root, own) ? Path.join(mountPoint, Path.relative(root, own)) : undefined
  } catch {
    return undefined
  }
}
