import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { quietly } from "../files/errno.ts"
import { poll, processOf } from "./process-table.ts"

/** How long to wait for killed processes. One that is stuck in the kernel (a dead network disk) may never exit. */
export const killTimeout = Duration.seconds(2)

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
  yield* Effect.forEach(foldersOfDeadProcesses(home), killAndRemove, { discard: true })
  const folder = Path.join(home, `${prefix}${self.pid}.${self.started}`)
  yield* Effect.addFinalizer(() => killAndRemove(folder))
  let made = 0
  const make: MakeCgroup = () => {
    try {
      const path = Path.join(folder, `${made++}`)
      Fs.mkdirSync(path, { recursive: true })
      return cgroupAt(path, home)
    } catch {
      return undefined
    }
  }
  const trial = make()
  if (trial === undefined || !Fs.existsSync(Path.join(folder, "cgroup.kill"))) return undefined
  const isAllowed = Effect.isSuccess(Effect.try(() => trial.enclose(() => {})))
  return (yield* Effect.ensuring(isAllowed, trial.remove)) ? make : undefined
})

const prefix = "tako-server."

const cgroupAt = (path: string, home: string): Cgroup => ({
  enclose: (fork) => {
    moveTo(path)
    try {
      return fork()
    } finally {
      moveTo(home)
    }
  },
  pids: Effect.tryPromise(() => Fs.promises.readFile(`${path}/cgroup.procs`, "latin1")).pipe(
    Effect.map((text) => text.split("\n").filter(Boolean).map(Number)),
    Effect.orElseSucceed(() => [])
  ),
  kill: () => kill(path),
  remove: killAndRemove(path)
})

/** Moves this process with all of its threads. */
const moveTo = (cgroup: string): void => Fs.writeFileSync(`${cgroup}/cgroup.procs`, "0")

const kill = (cgroup: string): void =>
  quietly(() => {
    // If a way back has failed, we are inside.
    if (ownCgroup()?.startsWith(cgroup) !== true) Fs.writeFileSync(`${cgroup}/cgroup.kill`, "1")
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
  Fs.readdirSync(home).flatMap((name) => {
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
    const path = Path.relative(root, own)
    return path.startsWith("..") ? undefined : Path.join(mountPoint, path)
  } catch {
    return undefined
  }
}
