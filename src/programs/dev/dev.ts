import * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/secrets-file.ts"
import { makeDevelopment } from "./environment.ts"
import { following } from "./following.ts"
import { stableAddress } from "./front.ts"
import type { Notice } from "./notice.ts"
import { type Asked, outline, plan } from "./plan.ts"
import { session } from "./session.ts"
import { wishes } from "./signals.ts"
import { refreshQuietly } from "./types.ts"

export interface DevOptions extends Asked {
  /** What a plan is made of: the secrets file, tako.toml, this machine's keys and pins. */
  readonly watched: ReadonlyArray<string>
  /** Called once there is something to run. */
  readonly makeDataFolder: Effect.Effect<void, FileFailed>
  readonly tell: (notice: Notice) => Effect.Effect<void>
}

/**
 * Runs a program with the secrets of an environment, development unless another one is asked for, and starts it again
 * whenever they, its command or its variables have changed; tells how it ended. It ends the session by ending, unless it
 * fails after such a change: then the next one starts it again.
 */
export const dev = Effect.fn("dev")((options: DevOptions) =>
  Effect.gen(function* () {
    const { environment, tell } = options
    yield* outline(options)
    yield* options.makeDataFolder
    if (yield* makeDevelopment(environment)) yield* tell({ _tag: "EnvironmentCreated", environment })
    // Before anything is read: a change from here on is not missed.
    const files = yield* following(options, options.watched, tell)
    const first = yield* plan(options, { ask: true })
    yield* refreshQuietly(tell)
    const address = yield* stableAddress(tell)
    return yield* session(first, { files, address, wishes: yield* wishes, tell })
  }).pipe(Effect.scoped)
)
