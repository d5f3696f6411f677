import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { type FileFailed, FileLocked } from "../../domain/errors/files.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { attempt } from "./errno.ts"
import * as LockFile from "./lock-file.ts"
import { isHeld } from "./lock-file.ts"
import { newToken } from "./replace.ts"

/** A lock that is held until the scope closes, unless somebody takes us for gone: `isOurs` tells. */
export interface Lock {
  readonly isOurs: Effect.Effect<boolean, FileFailed>
}

/** How long other writers are waited for before FileLocked: 30 s, in ns. */
const longestWait = 30_000_000_000n

/** A lock younger than this, in ns, is broken by nobody while its owner lives. */
const safelyYoung = 30_000_000_000n

/**
 * Keeps other writers of the file away, by a file beside it, `<path>.lock`; the folder must be there. One that was left
 * by a process that is gone, or is older than 60 s, is broken. Removes what those before us left lying about.
 */
export const lock = (path: string): Effect.Effect<Lock, FileFailed | FileLocked, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const name = `${path}.lock`
      const token = newToken()
      yield* take(path, name, token, restore)
      const taken = yield* Clock.currentTimeNanos
      yield* Effect.addFinalizer(() => letGo(path, name, token, taken))
      yield* Effect.ignore(attempt("lock", path, () => LockFile.sweepAround(path, name, token)))
      return { isOurs: attempt("lock", path, () => isHeld(name, token)) }
    })
  )

/** Holds the lock while `use` runs. */
export const whileLocked = <A, E, R>(
  path: string,
  use: (lock: Lock) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | FileFailed | FileLocked, R> =>
  Effect.acquireUseRelease(
    Scope.make(),
    (scope) => Effect.flatMap(Scope.extend(lock(path), scope), use),
    Scope.close
  )

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Each try is one synchronous step, and between them nothing is held: only the waiting can be interrupted. */
const take = Effect.fnUntraced(function* (path: string, name: string, token: string, restore: Restore) {
  const deadline = (yield* Clock.currentTimeNanos) + longestWait
  for (let waits = 0; ; ) {
    const taking = yield* attempt("lock", path, () => LockFile.take(name, token))
    if (taking._tag === "Taken") return
    if ((yield* Clock.currentTimeNanos) > deadline) {
      return yield* new FileLocked({ path, ...omitUndefined({ pid: taking.pid }) })
    }
    if (taking._tag === "Held") yield* restore(pause(waits++))
  }
})

/** At most 20 ms, so that who has waited long is not worse off than who has just come; never the same for two. */
const pause = (waits: number) => Effect.sleep(Math.ceil(Math.min(2 ** waits, 20) * (0.5 + Math.random() / 2)))

/** A lock that cannot be let go (the disk is full, say) is stale as soon as this process ends. */
const letGo = Effect.fnUntraced(function* (path: string, name: string, token: string, taken: bigint) {
  const age = (yield* Clock.currentTimeNanos) - taken
  for (let tries = 0; tries < 20; tries++) {
    const left = yield* attempt("lock", path, () => LockFile.letGo(name, token)).pipe(
      Effect.catchAll(() =>
        age < safelyYoung ? attempt("lock", path, () => LockFile.letGoPlainly(name, token)) : Effect.void
      ),
      Effect.zipRight(attempt("lock", path, () => !isHeld(name, token))),
      Effect.orElseSucceed(() => true)
    )
    if (left) return
    yield* pause(tries)
  }
})
