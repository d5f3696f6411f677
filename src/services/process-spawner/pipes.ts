import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { quietly } from "../files/errno.ts"
import { makePrivateFolder } from "../files/private.ts"
import { childEnvironment } from "../helper-program/child-environment.ts"
import { run } from "../helper-program/helper-program.ts"
import type { OutputStream, ProcessSpec } from "./process-spawner.ts"
import { processOf } from "./process-table.ts"

/** The pipes of one process. Whoever takes them closes them. */
export interface Pipes {
  /** fd 3. */
  readonly secrets: Pipe
  /** fd 4. */
  readonly readiness: Pipe | undefined
  /** fd 1 and 2 of a supervised process. Pipes rather than sockets, so that /dev/stdout can be opened. */
  readonly output: Readonly<Record<OutputStream, Pipe>> | undefined
}

interface Pool {
  readonly take: (direction: Direction) => Effect.Effect<Pipe, NoPipe>
}

/** Takes all the pipes that the process needs, or none. Must not be interrupted before they are closed by the caller. */
export const takePipes = (pool: Pool, spec: ProcessSpec): Effect.Effect<Pipes, NoPipe> =>
  Effect.suspend(() => {
    const taken: Array<Pipe> = []
    const take = (direction: Direction) =>
      Effect.tap(pool.take(direction), (pipe) => Effect.sync(() => taken.push(pipe)))
    const none = Effect.succeed(undefined)
    const output = Effect.all({ stdout: take("from-child"), stderr: take("from-child") })
    return Effect.all({
      secrets: take("to-child"),
      readiness: spec.readiness === true ? take("from-child") : none,
      output: spec.supervised === undefined ? none : output
    }).pipe(Effect.tapError(() => Effect.sync(() => taken.forEach(closeBoth))))
  })

/** The ends for the process, in the order of fd 1 to 4. */
export const endsOfChild = ({ secrets, readiness, output }: Pipes): ReadonlyArray<number> => [
  ...(output === undefined ? [] : [output.stdout.writeEnd, output.stderr.writeEnd]),
  secrets.readEnd,
  ...(readiness === undefined ? [] : [readiness.writeEnd])
]

const closeBoth = ({ readEnd, writeEnd }: Pipe): void => {
  Fs.closeSync(readEnd)
  Fs.closeSync(writeEnd)
}

/** No pipe could be created. `code` is an errno, with the prefix "mkfifo: " if that program failed. */
export class NoPipe extends Data.TaggedError("NoPipe")<{ readonly code: string }> {}

interface PoolOptions {
  /** How many FIFOs are made at a time. */
  readonly size: number
  /** A folder that belongs to this process alone; without it, the temporary folders that everybody shares. */
  readonly privateFolder?: string | undefined
}

/** Unused FIFOs, in a folder of their own. */
interface Batch {
  readonly folder: string
  readonly paths: Array<string>
}

/**
 * A pool of anonymous pipes. Node has no mkfifo(3), so one run of mkfifo(1) makes `size` FIFOs, mode 0600, in a 0700 folder. Each
 * is used once, and unlinked before it is handed out. The folder is removed with its last FIFO, or by a later pool if this process
 * was killed. With `privateFolder` it is made in there, where nobody else can add files.
 */
export const pipePool = Effect.fnUntraced(function* ({ size, privateFolder }: PoolOptions) {
  let batch: Batch | undefined
  if (privateFolder !== undefined) {
    yield* Effect.ignore(makePrivateFolder(privateFolder))
    yield* Effect.sync(() => quietly(() => sweepFolders(privateFolder)))
  }
  const dropBatch = (): void => {
    if (batch !== undefined) removeFolder(batch.folder)
    batch = undefined
  }
  yield* Effect.addFinalizer(() => Effect.sync(dropBatch))
  const fromBatch = (direction: Direction) =>
    Effect.try({
      try: () => {
        const path = batch?.paths.pop()
        if (path === undefined) throw new EmptyBatch()
        const pipe = openPipe(path, direction)
        if (batch?.paths.length === 0) dropBatch()
        return pipe
      },
      catch: (error) => {
        dropBatch()
        return new NoPipe({ code: codeOf(error) })
      }
    })
  // Once, because anybody can fill the shared folders, and not at all for a process that normally leaves nothing in them.
  let sweeps = size > 1 && privateFolder === undefined
  const refill = Effect.suspend(() => {
    const made = makeBatch({ size, privateFolder }, sweeps)
    sweeps = false
    return Effect.map(made, (newBatch) => {
      batch = newBatch
    })
  })
  const oneAtATime = Effect.unsafeMakeSemaphore(1)
  /** Must not be interrupted before the caller closes the pipe. If a cleaner of /tmp removed the batch, makes another one. */
  const take = (direction: Direction): Effect.Effect<Pipe, NoPipe> =>
    Effect.catchAll(fromBatch(direction), () => Effect.zipRight(refill, fromBatch(direction))).pipe(
      oneAtATime.withPermits(1),
      Effect.uninterruptible
    )
  return { take }
})

/** Of the shared folders it tries several: a TMPDIR may be missing, read-only, or on a file system without FIFOs. */
const makeBatch = ({ size, privateFolder }: PoolOptions, sweeps: boolean): Effect.Effect<Batch, NoPipe> =>
  Effect.suspend(() => {
    const shared = [Os.tmpdir(), process.env.XDG_RUNTIME_DIR || "/dev/shm", "/dev/shm", "/tmp"]
    const places = privateFolder === undefined ? shared : [privateFolder]
    return Effect.firstSuccessOf(places.map((place) => makeBatchIn(place, size, sweeps)))
  })

const makeBatchIn = (place: string, size: number, sweeps: boolean): Effect.Effect<Batch, NoPipe> =>
  Effect.flatMap(
    Effect.try({
      try: () => {
        if (sweeps) quietly(() => sweepFolders(place))
        return Fs.mkdtempSync(Path.join(place, `${prefix}${process.pid}-`))
      },
      catch: (error) => new NoPipe({ code: codeOf(error) })
    }),
    (folder) => {
      const paths = Array.from({ length: size }, (_, index) => Path.join(folder, String(index)))
      return Effect.try({
        // The umask may have removed the owner's bits.
        try: () => Fs.chmodSync(folder, 0o700),
        catch: (error) => new NoPipe({ code: codeOf(error) })
      }).pipe(
        Effect.zipRight(mkfifo(paths)),
        Effect.as({ folder, paths }),
        Effect.tapError(() => Effect.sync(() => removeFolder(folder)))
      )
    }
  )

const mkfifo = (paths: ReadonlyArray<string>): Effect.Effect<void, NoPipe> => {
  const environment = childEnvironment(process.env)
  return run({
    program: "mkfifo",
    args: ["-m", "600", "--", ...paths],
    // The caller's PATH may lack these.
    environment: { ...environment, PATH: [environment.PATH, "/usr/bin", "/bin"].filter(Boolean).join(":") },
    timeLimit: 10_000,
    // Ctrl-C is for the program being started, not for mkfifo.
    ownSession: true
  }).pipe(
    Effect.mapError(({ reason, code }) => new NoPipe({ code: `mkfifo: ${code ?? reason}` })),
    Effect.filterOrFail(
      ({ exitCode }) => exitCode === 0,
      () => new NoPipe({ code: "mkfifo: failed" })
    ),
    Effect.asVoid
  )
}

const prefix = "tako-pipe-"

/** Removes folders of our user whose process is dead. One that runs in another container makes another batch. */
const sweepFolders = (place: string): void => {
  for (const name of Fs.readdirSync(place)) {
    if (!name.startsWith(prefix) || processOf(Number.parseInt(name.slice(prefix.length), 10)) !== undefined)
      continue
    const folder = Path.join(place, name)
    if (Fs.lstatSync(folder, { throwIfNoEntry: false })?.uid === process.geteuid?.()) removeFolder(folder)
  }
}

const removeFolder = (folder: string): void =>
  quietly(() => Fs.rmSync(folder, { recursive: true, force: true }))

class EmptyBatch extends Error {}

/** The errno of an error. Its message is not used, because it may quote a path. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown"

/**
 * A pipe. Both ends are close-on-exec (Node always sets O_CLOEXEC) and closed by the caller. The child's end blocks as programs
 * expect; ours does not, so that a child that neither reads nor writes cannot block us.
 */
export interface Pipe {
  readonly readEnd: number
  readonly writeEnd: number
  /** Its identity in fstat(2): "<dev>:<ino>" in decimal. */
  readonly identity: string
}

/** The direction of data, which decides the end that the child gets. */
export type Direction = "to-child" | "from-child"

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = Fs.constants

/** Opens both ends of a FIFO that we created, and unlinks it (fifo(7), pipe(7)). Throws an errno. */
export const openPipe = (path: string, direction: Direction): Pipe => {
  const open: Array<number> = []
  const keep = (fd: number): number => {
    open.push(fd)
    return fd
  }
  try {
    // Opening a writer without a reader fails (ENXIO) or blocks; opening a blocking reader without a writer blocks.
    const reader = keep(Fs.openSync(path, O_RDONLY | O_NONBLOCK))
    const writeEnd = keep(Fs.openSync(path, direction === "to-child" ? O_WRONLY | O_NONBLOCK : O_WRONLY))
    const readEnd = direction === "to-child" ? keep(Fs.openSync(path, O_RDONLY)) : reader
    const [identity, ...others] = open.map(identityOf)
    if (identity === undefined || others.some((other) => other !== identity)) throw new NotOurPipe()
    Fs.unlinkSync(path)
    if (readEnd !== reader) Fs.closeSync(reader)
    return { readEnd, writeEnd, identity }
  } catch (error) {
    for (const fd of open) Fs.closeSync(fd)
    throw error
  }
}

/** Undefined unless it is our own FIFO: in another user's TMPDIR, they may have replaced the file of that name. */
const identityOf = (fd: number): string | undefined => {
  const stats = Fs.fstatSync(fd, { bigint: true })
  return stats.isFIFO() && stats.uid === BigInt(process.geteuid?.() ?? -1)
    ? `${stats.dev}:${stats.ino}`
    : undefined
}

class NotOurPipe extends Error {
  readonly code = "EPERM"
}
