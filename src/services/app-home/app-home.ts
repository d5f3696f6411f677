import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AppName } from "../../domain/app/app-name.ts"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { NoUserLeft, Obstacle } from "../../domain/errors/rollout.ts"
import type { DataUnsafe } from "../../domain/errors/server.ts"

/** An app's folder and user on this host. */
export interface Home {
  /** The absolute path of the app's own data folder, mode 0700. */
  readonly directory: string
  /** The user its instances run as, unless it is our own. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Whether no other server on this machine runs an app as the user, so that every process of the user is the app's. */
  readonly isUserExclusive: boolean
  /** The user id that owns its instances' sockets; undefined if the system does not say. */
  readonly listensAs?: number
}

/** Gives each app a folder and, if we are root, a user of its own. */
export class AppHome extends Context.Tag("tako/AppHome")<
  AppHome,
  {
    /** Returns the app's home, which is created at the first call and never changes. */
    readonly of: (app: AppName) => Effect.Effect<Home, NoUserLeft | DataUnsafe | FileFailed>
    /** The homes on disk, those of stopped and deleted apps too. */
    readonly all: Effect.Effect<ReadonlyArray<Home>>
    /** Why the app's instances cannot use this directory; undefined if they can. */
    readonly obstacle: (home: Home, directory: string) => Effect.Effect<Obstacle | undefined>
  }
>() {}
