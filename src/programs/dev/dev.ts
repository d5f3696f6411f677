import * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { ListenFailed } from "../../domain/errors/listen.ts"
import type { ProcessNotStarted } from "../../domain/errors/processes.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { ProcessExit } from "../../domain/process.ts"
import { create, withEnvironment } from "../../domain/secrets-file/environments.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { stableAddress } from "./address.ts"
import { following, refreshQuietly } from "./following.ts"
import { type Asked, type Changes, outline, plan } from "./plan.ts"
import { session } from "./session.ts"
import { wishes } from "./signals.ts"

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

/** What the person at the terminal is told while the program runs; no value is in any of it. */
export type Notice =
  /** The environment was not there, and is now, without a secret. */
  | { readonly _tag: "EnvironmentCreated"; readonly environment: EnvironmentName }
  /** Generated files that now have other names than before. */
  | { readonly _tag: "TypesRefreshed"; readonly paths: ReadonlyArray<string> }
  /** Where the program is reached, now and after every restart; `taken` is the port that it has otherwise. */
  | { readonly _tag: "Address"; readonly url: string; readonly taken?: number }
  /** There is no such address; the program itself is at this one until it is restarted. */
  | { readonly _tag: "NoAddress"; readonly error: ListenFailed; readonly url: string }
  /** The program wrote something on fd 4 that is no port. */
  | { readonly _tag: "NotAPort" }
  | { readonly _tag: "Restarting"; readonly changes: Changes }
  /** It did not end within this time, and was killed. */
  | { readonly _tag: "Killed"; readonly seconds: number }
  /** A change that cannot be followed: the program, if one runs, goes on with what it has. */
  | { readonly _tag: "NotFollowed"; readonly error: Error; readonly isRunning: boolean }
  /** What could not be followed is mended, and nothing has changed since. */
  | { readonly _tag: "Mended"; readonly isRunning: boolean }
  /** A program that a change has started failed, or could not be started: the next change starts it again. */
  | { readonly _tag: "Failed"; readonly exit: ProcessExit }
  | { readonly _tag: "NotStarted"; readonly error: ProcessNotStarted }

/** Where somebody begins: there before it has a secret. */
export const development = "development" as EnvironmentName

/**
 * Makes the development environment, without secrets and so without a key; true when it was not there. Another one that is
 * not there is a typing error.
 */
export const makeDevelopment = Effect.fn("makeDevelopment")(function* (name: EnvironmentName) {
  const file = yield* SecretsFile
  if (name !== development || (yield* file.read).has(name)) return false
  const salt = yield* (yield* Cipher).newSalt
  const environments = yield* file.update((now) =>
    Effect.succeed(now.has(name) ? now : withEnvironment(now, name, create(salt)))
  )
  return environments.get(name)?.salt === salt
})
