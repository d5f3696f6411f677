import type { CommandPath, FlagSpec } from "./grammar.ts"

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

/** The flags that every command takes. */
export const globalFlags: ReadonlyArray<FlagSpec> = [config, noColor, help]

/** The flags that the last of the path takes. */
export const flagsAt = (path: CommandPath): ReadonlyArray<FlagSpec> => {
  const last = path[path.length - 1] ?? path[0]
  if (last._tag === "Leaf") return [...last.flags, ...globalFlags]
  return path.length === 1 ? [...globalFlags, version] : globalFlags
}
