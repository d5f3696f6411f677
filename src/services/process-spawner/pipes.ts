import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import type { Direction, Pipe } from "./pipe.ts"
import type { NoPipe } from "./pipe-pool.ts"
import type { OutputStream, ProcessSpec } from "./process-spawner.ts"

/** The pipes of one process, ours to close. */
export interface Pipes {
  /** fd 3. */
  readonly secrets: Pipe
  /** fd 4. */
  readonly readiness: Pipe | undefined
  /** fd 1 and 2, of what is supervised: pipes as a shell makes them, which may be opened by /dev/stdout. */
  readonly output: Readonly<Record<OutputStream, Pipe>> | undefined
}

interface Pool {
  readonly take: (direction: Direction) => Effect.Effect<Pipe, NoPipe>
}

/** All that the process needs, or none. Who takes them closes them: not to be interrupted in between. */
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

/** The ends that the process gets: fd 1, 2, 3 and 4. */
export const endsOfChild = ({ secrets, readiness, output }: Pipes): ReadonlyArray<number> => [
  ...(output === undefined ? [] : [output.stdout.writeEnd, output.stderr.writeEnd]),
  secrets.readEnd,
  ...(readiness === undefined ? [] : [readiness.writeEnd])
]

const closeBoth = ({ readEnd, writeEnd }: Pipe): void => {
  Fs.closeSync(readEnd)
  Fs.closeSync(writeEnd)
}
