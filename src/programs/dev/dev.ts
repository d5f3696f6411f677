import * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { ListenFailed } from "../../domain/errors/listen.ts"
import type { ProcessNotStarted } from "../../domain/errors/processes.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { ProcessExit } from "../../domain/process.ts"
import { create, withEnvironment } from "../../domain/secrets-file/environments.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { openAddress } from "./address.ts"
import { followFiles, refreshQuietly } from "./follow-files.ts"
import { type Changes, type DevRequest, outline, plan } from "./plan.ts"
import { session } from "./session.ts"
import { handleSessionSignals } from "./signals.ts"

export interface DevOptions extends DevRequest {
  /** The files to follow: the secrets file, tako.toml, this machine's keys and pins. */
  readonly watched: ReadonlyArray<string>
  /** Runs once it is certain that there is something to run. */
  readonly makeDataFolder: Effect.Effect<void, FileFailed>
  readonly notify: (notice: Notice) => Effect.Effect<void>
}

/**
 * Runs a program with the secrets of an environment, and restarts it whenever they, its command or its variables change. Returns
 * how it exited. The program ends the session by exiting, unless it fails right after a change: then the next change restarts it.
 */
export const dev = Effect.fn("dev")((options: DevOptions) =>
  Effect.gen(function* () {
    const { environment, notify } = options
    yield* outline(options)
    yield* options.makeDataFolder
    if (yield* createDevelopment(environment)) yield* notify({ _tag: "EnvironmentCreated", environment })
    // Opened before anything is read, so no change is missed.
    const files = yield* followFiles(options, options.watched, notify)
    const first = yield* plan(options, { ask: true })
    yield* refreshQuietly(notify)
    const address = yield* openAddress(notify)
    return yield* session(first, { files, address, signals: yield* handleSessionSignals, notify })
  }).pipe(Effect.scoped)
)

/** Messages for the person at the terminal while the program runs. None contains a value. */
export type Notice =
  /** The environment did not exist, and was created without secrets. */
  | { readonly _tag: "EnvironmentCreated"; readonly environment: EnvironmentName }
  /** Generated files whose secret names changed. */
  | { readonly _tag: "TypesRefreshed"; readonly paths: ReadonlyArray<string> }
  /** The program's address, which restarts do not change. `taken` is the preferred port, if it was in use. */
  | { readonly _tag: "Address"; readonly url: string; readonly taken?: number }
  /** The address could not be opened. Until the next restart the program can be reached directly at `url`. */
  | { readonly _tag: "NoAddress"; readonly error: ListenFailed; readonly url: string }
  /** The program wrote something other than a port to fd 4. */
  | { readonly _tag: "InvalidPortReport" }
  | { readonly _tag: "Restarting"; readonly changes: Changes }
  /** The program did not exit within this time and was killed. */
  | { readonly _tag: "Killed"; readonly seconds: number }
  /** A change left the files unusable. A running program keeps what it has. */
  | { readonly _tag: "ChangeRejected"; readonly error: Error; readonly isRunning: boolean }
  /** The files are usable again, and nothing has changed. */
  | { readonly _tag: "Recovered"; readonly isRunning: boolean }
  /** A program restarted by a change failed, or could not be started. The next change restarts it. */
  | { readonly _tag: "Failed"; readonly exit: ProcessExit }
  | { readonly _tag: "NotStarted"; readonly error: ProcessNotStarted }

/** The environment that is created on first use, before it has a secret. */
export const development = "development" as EnvironmentName

/**
 * Creates the development environment, without secrets and therefore without a key. Returns whether it did. Any other missing
 * environment is more likely a typo.
 */
export const createDevelopment = Effect.fn("createDevelopment")(function* (name: EnvironmentName) {
  const file = yield* SecretsFile
  if (name !== development || (yield* file.read).has(name)) return false
  const salt = yield* (yield* Cipher).newSalt
  const environments = yield* file.update((now) =>
    Effect.succeed(now.has(name) ? now : withEnvironment(now, name, create(salt)))
  )
  return environments.get(name)?.salt === salt
})
