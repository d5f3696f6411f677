import * as Path from "node:path"
import { foldersOf } from "../../../services/home/folders.ts"
import { readText } from "./read-text.ts"

/** The names of `[[servers]]` in config.toml as tako writes it, and the one that is always there. */
export const serverNames = (): ReadonlyArray<string> => {
  try {
    return [...namesIn(readText(Path.join(foldersOf(process.env).config, "config.toml"))), "local"]
  } catch {
    return ["local"]
  }
}

/** Without a parser of TOML, for which a shell is not to wait. */
const namesIn = (text: string): ReadonlyArray<string> => {
  let isServer = false
  return text.split("\n").flatMap((line) => {
    if (line.trimStart().startsWith("[")) isServer = /^\s*\[\[\s*servers\s*\]\]/.test(line)
    const [, , name] =
      (isServer && /^\s*name\s*=\s*(["'])([A-Za-z0-9][A-Za-z0-9._-]{0,62})\1/.exec(line)) || []
    return name ?? []
  })
}
