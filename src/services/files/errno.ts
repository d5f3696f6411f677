import * as Effect from "effect/Effect"
import { FileFailed } from "../../domain/errors/files.ts"

/** The errno's name ("ENOENT") when the operating system refused something; undefined for any other error. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined

/** Runs calls of node:fs. Fails with FileFailed when the operating system refuses one; any other error is a defect. */
export const attempt = <A>(
  operation: FileFailed["operation"],
  path: string,
  run: () => A
): Effect.Effect<A, FileFailed> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      const code = errnoOf(error)
      return code === undefined ? Effect.die(error) : Effect.fail(new FileFailed({ operation, path, code }))
    }
  })

/** Returns what the call returns, or undefined when the operating system answers with one of these errnos. */
export const unless = <A>(codes: ReadonlyArray<string>, run: () => A): A | undefined => {
  try {
    return run()
  } catch (error) {
    if (codes.includes(errnoOf(error) ?? "")) return undefined
    throw error
  }
}

/** Ignores errors of a clean-up: they must not hide the result of the work. */
export const quietly = (run: () => void): void => {
  try {
    run()
  } catch {}
}
