import * as Context from "effect/Context"
import * as Option from "effect/Option"
import type { Signals } from "../../services/signals/signals.ts"
import type { Stdio } from "../../services/stdio/stdio.ts"
import type { Ink } from "../command-line/ink.ts"
import { type GivenFlags, valueOf } from "../command-line/prepare.ts"
import type { FlagSpec } from "../command-line/specification.ts"
import { flag } from "./command.ts"

/** What runCli provides to every command, and to the layers that commands are given. */
export type CommandContext = Stdio | Signals | Globals | Style

/** How to print: the ink for each of the two streams, and the columns to keep to. */
export class Style extends Context.Tag("tako/cli/Style")<
  Style,
  {
    readonly out: Ink
    readonly err: Ink
    readonly columns: number
  }
>() {}

/** The values of the flags that every command takes. */
export class Globals extends Context.Tag("tako/cli/Globals")<
  Globals,
  {
    /** The tako.toml to use, as it was typed. */
    readonly config: Option.Option<string>
    readonly noColor: boolean
    /** What --allow-unbound names, as it was typed. */
    readonly allowUnbound: Option.Option<string>
  }
>() {}

const config: FlagSpec = {
  name: "config",
  short: "c",
  value: "FILE",
  summary: "Use this tako.toml; its folder is the project"
}
const noColor: FlagSpec = { name: "no-color", summary: "Print without colours" }

/** The flags that every command takes, beside --help. */
export const globalFlags: ReadonlyArray<FlagSpec> = [config, noColor]

/** For commands that open secrets. */
export const allowUnboundFlag = flag.text("allow-unbound", {
  value: "KEYID",
  summary: "Use the environment with this key although its values can be swapped unnoticed"
})

export const globalsOf = (flags: GivenFlags): Globals["Type"] => ({
  config: Option.fromNullable(valueOf(flags, config)),
  noColor: flags.has(noColor),
  allowUnbound: Option.fromNullable(valueOf(flags, allowUnboundFlag.spec))
})
