import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { quietly } from "../files/attempt.ts"
import { run } from "../helper-program/helper-program.ts"
import { childEnvironment, type OutputStream, type ProcessSpec } from "./process-spawner.ts"
import { processOf } from "./process-tree.ts"

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

/** Why there is no pipe: an errno's name, with "mkfifo: " before it when it is that program's. */
export class NoPipe extends Data.TaggedError("NoPipe")<{ readonly code: string }> {}

/** FIFOs that have not been used: their names in a folder of their own. */
interface Batch {
  readonly folder: string
  readonly paths: Array<string>
}

/**
 * Anonymous pipes. Node has no mkfifo(3), so one run of mkfifo(1) makes `size` FIFOs, 0600, in a 0700 folder; each is
 * used once, and its name is gone before anybody has it. The folder goes with the last of them; that of a process which
 * was killed, with the next pool.
 */
export const pipePool = Effect.fnUntraced(function* (size: number) {
  let batch: Batch | undefined
  const drop = (): void => {
    if (batch !== undefined) removeFolder(batch.folder)
    batch = undefined
  }
  yield* Effect.addFinalizer(() => Effect.sync(drop))
  const fromBatch = (direction: Direction) =>
    Effect.try({
      try: () => {
        const path = batch?.paths.pop()
        if (path === undefined) throw new EmptyBatch()
        const pipe = openPipe(path, direction)
        if (batch?.paths.length === 0) drop()
        return pipe
      },
      catch: (error) => {
        drop()
        return new NoPipe({ code: codeOf(error) })
      }
    })
  const refill = Effect.map(makeBatch(size), (made) => {
    batch = made
  })
  const oneAtATime = Effect.unsafeMakeSemaphore(1)
  /** Who takes a pipe closes it: not to be interrupted in between. A batch that a cleaner of /tmp took is made anew. */
  const take = (direction: Direction): Effect.Effect<Pipe, NoPipe> =>
    Effect.catchAll(fromBatch(direction), () => Effect.zipRight(refill, fromBatch(direction))).pipe(
      oneAtATime.withPermits(1),
      Effect.uninterruptible
    )
  return { take }
})

/** In the first of the places that has room for FIFOs: a TMPDIR may be missing, read-only, or not know them. */
const makeBatch = (size: number): Effect.Effect<Batch, NoPipe> =>
  Effect.suspend(() => {
    const places = [Os.tmpdir(), process.env.XDG_RUNTIME_DIR || "/dev/shm", "/dev/shm", "/tmp"]
    return Effect.firstSuccessOf(places.map((place) => makeBatchIn(place, size)))
  })

const makeBatchIn = (place: string, size: number): Effect.Effect<Batch, NoPipe> =>
  Effect.flatMap(
    Effect.try({
      try: () => {
        if (size > 1) quietly(() => sweepFolders(place))
        return Fs.mkdtempSync(Path.join(place, `${prefix}${process.pid}-`))
      },
      catch: (error) => new NoPipe({ code: codeOf(error) })
    }),
    (folder) => {
      const paths = Array.from({ length: size }, (_, index) => Path.join(folder, String(index)))
      return Effect.try({
        // The umask may have taken our own bits.
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
    // The PATH of whoever runs tako may lack these.
    environment: { ...environment, PATH: [environment.PATH, "/usr/bin", "/bin"].filter(Boolean).join(":") },
    timeLimit: 10_000,
    // Ctrl-C is the program's affair.
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

/** Removes the folders of ours whose process has ended; one that lives elsewhere, in another container, makes its own anew. */
const sweepFolders = (place: string): void => {
  for (const name of Fs.readdirSync(place)) {
    if (!name.startsWith(prefix) || processOf(Number.parseInt(name.slice(prefix.length), 10)) !== undefined)
      continue
    const folder = Path.join(place, name)
    if (Fs.lstatSync(folder, { throwIfNoEntry: false })?.uid === process.geteuid?.()) removeFolder(folder)
  }
}

/** It holds nothing, and is ours alone. */
const removeFolder = (folder: string): void =>
  quietly(() => Fs.rmSync(folder, { recursive: true, force: true }))

class EmptyBatch extends Error {}

/** The errno's name, where an error has one; its message may quote a path, and is not used. */
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

/** Which way data flows, and thereby which end the child gets. */
export type Direction = "to-child" | "from-child"

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = Fs.constants

/** Opens both ends of a FIFO that we made, and unlinks it (fifo(7), pipe(7)). Throws an errno. */
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
