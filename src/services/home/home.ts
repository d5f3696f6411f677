import * as Context from "effect/Context"

/** Where this user's own things are: `data` holds `keys/` and `pins.json`, `config` holds `config.toml`; absolute. */
export class Home extends Context.Tag("tako/Home")<
  Home,
  {
    readonly data: string
    readonly config: string
  }
>() {}
