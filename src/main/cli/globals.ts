import * as Context from "effect/Context"
import type * as Option from "effect/Option"
import type { FlagSpec } from "./grammar.ts"

/** The flags that every command takes. */
export class Globals extends Context.Tag("tako/cli/Globals")<
  Globals,
  {
    /** The tako.toml to use, as it was typed. */
    readonly config: Option.Option<string>
    readonly noColor: boolean
  }
>() {}

export const config: FlagSpec = {
  name: "config",
  short: "c",
  value: "FILE",
  summary: "Use this tako.toml; its folder is the project"
}
export const noColor: FlagSpec = { name: "no-color", summary: "Print without colours" }
export const help: FlagSpec = { name: "help", short: "h", summary: "Print help" }
/** At the root alone. */
export const version: FlagSpec = { name: "version", short: "V", summary: "Print the version" }

export const globalFlags: ReadonlyArray<FlagSpec> = [config, noColor, help]
