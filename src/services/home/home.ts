import * as Context from "effect/Context"

/** Absolute paths of this user's own folders: `data` holds `keys/` and `pins.json`, `config` holds `config.toml`. */
export class Home extends Context.Tag("tako/Home")<
  Home,
  {
    readonly data: string
    readonly config: string
  }
>() {}
