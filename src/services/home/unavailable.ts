import * as Effect from "effect/Effect"
import { explain, FileFailed, unsafeProblems } from "../../domain/errors/files.ts"
import { KeyCacheUnavailable } from "../../domain/errors/keys.ts"
import { UnsafeFile } from "../files/private.ts"

/** Reports a failure with a file in tako's home as a failure of the key cache. */
export const asUnavailable = <A, E, R>(
  use: Effect.Effect<A, E, R>
): Effect.Effect<A, Exclude<E, UnsafeFile | FileFailed> | KeyCacheUnavailable, R> =>
  Effect.mapError(use, (error) =>
    error instanceof UnsafeFile || error instanceof FileFailed
      ? unavailable(error)
      : (error as Exclude<E, UnsafeFile | FileFailed>)
  )

const unavailable = (error: UnsafeFile | FileFailed): KeyCacheUnavailable => {
  const { path: location } = error
  if (error._tag === "FileFailed") {
    const because = explain(error.code)
    return new KeyCacheUnavailable({ reason: "failed", location, because, message: error.message })
  }
  const inspect = `inspect it, then remove it: rm ${error.directory ? "-r " : ""}${location}`
  const fix = {
    permissions: `chmod ${error.directory ? "700" : "600"} ${location}`,
    "foreign-owner": "run tako as that user, or set TAKO_HOME to a folder of your own",
    symlink: inspect,
    "not-a-file": inspect,
    "not-a-directory": inspect
  }[error.problem]
  return unsafe(location, unsafeProblems[error.problem], fix)
}

/** The content of a file in tako's home is not what tako writes. */
export const unreadable = (path: string): KeyCacheUnavailable =>
  unsafe(path, "does not contain what tako writes there", `inspect it, then remove it: rm ${path}`)

const unsafe = (location: string, because: string, fix: string) =>
  new KeyCacheUnavailable({
    reason: "unsafe",
    location,
    because,
    message: `${location} ${because}; no key was read from it.\nFix it: ${fix}`
  })
