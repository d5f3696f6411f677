import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { type FileFailed, FileLocked } from "../../domain/errors/files.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { attempt } from "./errno.ts"
import * as LockFile from "./lock-file.ts"
import { newToken } from "./replace.ts"

/** A lock that is held until the scope closes. `isOurs` turns false when another process believed us gone and broke it. */
export interface Lock {
  readonly isOurs: Effect.Effect<boolean, FileFailed>
}

/** How long to wait for other writers before FileLocked: 30 s, in ns. */
const longestWait = 30_000_000_000n

/** Nobody breaks a lock younger than this, in ns, while its owner lives. */
const safelyYoung = 30_000_000_000n

/**
 * Keeps other writers of the file away by a file beside it, `<path>.lock`; its folder must exist. Breaks a lock that is
 * older than 60 s or whose process is gone, and removes what earlier writers left behind.
 */
export const lock = (path: string): Effect.Effect<Lock, FileFailed | FileLocked, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const name = `${path}.lock`
      const token = newToken()
      yield* acquire(path, name, token, restore)
      const acquired = yield* Clock.currentTimeNanos
      yield* Effect.addFinalizer(() => release(path, name, token, acquired))
      yield* Effect.ignore(attempt("lock", path, () => LockFile.sweepAround(path, name, token)))
      return { isOurs: attempt("lock", path, () => LockFile.isHeld(name, token)) }
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

/** Each try is one synchronous step, and nothing is held between two of them: only the waiting can be interrupted. */
const acquire = Effect.fnUntraced(function* (path: string, name: string, token: string, restore: Restore) {
  const deadline = (yield* Clock.currentTimeNanos) + longestWait
  for (let waits = 0; ; ) {
    const acquisition = yield* attempt("lock", path, () => LockFile.tryAcquire(name, token))
    if (acquisition._tag === "Acquired") return
    const isHeld = acquisition._tag === "Held"
    if ((yield* Clock.currentTimeNanos) > deadline) {
      return yield* new FileLocked({ path, ...omitUndefined({ pid: isHeld ? acquisition.pid : undefined }) })
    }
    if (isHeld) yield* restore(pause(waits++))
  }
})

/** At most 20 ms, so that a long wait is no disadvantage; random, so that two waiting processes drift apart. */
const pause = (waits: number) => Effect.sleep(Math.ceil(Math.min(2 ** waits, 20) * (0.5 + Math.random() / 2)))

/** A lock that cannot be released (the disk is full, say) is stale as soon as this process ends. */
const release = Effect.fnUntraced(function* (path: string, name: string, token: string, acquired: bigint) {
  const age = (yield* Clock.currentTimeNanos) - acquired
  for (let tries = 0; tries < 20; tries++) {
    const isReleased = yield* attempt("lock", path, () => LockFile.release(name, token)).pipe(
      Effect.catchAll(() =>
        age < safelyYoung ? attempt("lock", path, () => LockFile.releaseDirectly(name, token)) : Effect.void
      ),
      Effect.zipRight(attempt("lock", path, () => !LockFile.isHeld(name, token))),
      Effect.orElseSucceed(() => true)
    )
    if (isReleased) return
    yield* pause(tries)
  }
})
