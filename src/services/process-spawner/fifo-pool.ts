import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { childEnvironment } from "./child-environment.ts"

/** Why there is no FIFO: an errno's name. */
export class NoFifo extends Data.TaggedError("NoFifo")<{ readonly code: string }> {}

interface Batch {
  readonly folder: string
  readonly paths: Array<string>
}

/**
 * FIFOs under names that are used once: Node has no mkfifo(3), and one run of mkfifo(1) makes `size` of them, 0600, in a
 * 0700 folder of our own. The folder goes with the last of them.
 */
export const fifoPool = Effect.fnUntraced(function* (size: number) {
  let batch: Batch | undefined
  yield* Effect.addFinalizer(() => Effect.sync(() => batch !== undefined && removeFolder(batch.folder)))
  const oneAtATime = Effect.unsafeMakeSemaphore(1)
  /** Uses one path; its name is gone afterwards. */
  const use = <A, E>(f: (path: string) => Effect.Effect<A, E>): Effect.Effect<A, E | NoFifo> =>
    Effect.gen(function* () {
      batch ??= yield* makeBatch(size)
      const { folder, paths } = batch
      const path = paths.pop() as string
      if (paths.length > 0) return yield* f(path)
      batch = undefined
      return yield* Effect.ensuring(
        f(path),
        Effect.sync(() => removeFolder(folder))
      )
    }).pipe(oneAtATime.withPermits(1))
  return { use }
})

const makeBatch = (size: number): Effect.Effect<Batch, NoFifo> =>
  Effect.async((resume) => {
    let folder: string
    try {
      folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-pipe-"))
    } catch (error) {
      return resume(Effect.fail(new NoFifo({ code: codeOf(error) })))
    }
    const paths = Array.from({ length: size }, (_, index) => Path.join(folder, String(index)))
    execFile("mkfifo", ["-m", "600", ...paths], { env: childEnvironment(process.env) }, (error) => {
      if (error === null) return resume(Effect.succeed({ folder, paths }))
      removeFolder(folder)
      resume(Effect.fail(new NoFifo({ code: codeOf(error) })))
    })
  })

const removeFolder = (folder: string): void => Fs.rmSync(folder, { recursive: true, force: true })

/** The errno's name, where an error has one; its message may quote a path, and is not used. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "EIO"
