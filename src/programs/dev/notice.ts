import type { ListenFailed } from "../../domain/errors/listen.ts"
import type { ProcessNotStarted } from "../../domain/errors/processes.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { ProcessExit } from "../../domain/process.ts"
import type { Changes } from "./changes.ts"

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
