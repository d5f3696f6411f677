import * as Context from "effect/Context"
import type * as Option from "effect/Option"
import type { Ink } from "../command-line/ink.ts"

/** How to print: the ink for each of the two streams, and the columns to keep to. */
export class Style extends Context.Tag("tako/cli/Style")<
  Style,
  {
    readonly out: Ink
    readonly err: Ink
    readonly columns: number
  }
>() {}

/** What the flags say that every command takes. */
export class Globals extends Context.Tag("tako/cli/Globals")<
  Globals,
  {
    /** The tako.toml to use, as it was typed. */
    readonly config: Option.Option<string>
    readonly noColor: boolean
  }
>() {}
