import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AppName } from "../../domain/app/app-name.ts"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { NoUserLeft, Obstacle } from "../../domain/errors/rollout.ts"
import type { DataUnsafe } from "../../domain/errors/server.ts"

/** What an app has on this host besides its release. */
export interface Home {
  /** A folder of its own, 0700, for what it keeps: an absolute path. */
  readonly directory: string
  /** Who its instances are, where that is not us. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** The numeric user whose sockets its instances' are; unknown where the system does not tell. */
  readonly listensAs?: number
}

/** Gives each app a folder and, where we are root, a user of its own. */
export class AppHome extends Context.Tag("tako/AppHome")<
  AppHome,
  {
    /** The same at every time; it is made at the first. */
    readonly of: (app: AppName) => Effect.Effect<Home, NoUserLeft | DataUnsafe | FileFailed>
    /** Why instances could not be in this directory; undefined where they can. */
    readonly obstacle: (home: Home, directory: string) => Effect.Effect<Obstacle | undefined>
  }
>() {}
