import * as Context from "effect/Context"
import type * as Option from "effect/Option"

/** What the flags say that every command takes. */
export class Globals extends Context.Tag("tako/cli/Globals")<
  Globals,
  {
    /** The tako.toml to use, as it was typed. */
    readonly config: Option.Option<string>
    readonly noColor: boolean
  }
>() {}
