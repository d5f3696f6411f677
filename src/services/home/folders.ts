// Without Effect: a shell asks at each Tab where config.toml is.
import * as Os from "node:os"
import * as Path from "node:path"

export interface Folders {
  readonly data: string
  readonly config: string
}

/**
 * `$TAKO_HOME` for both; else `$XDG_DATA_HOME/tako`, or `~/.local/share/tako` (macOS: `~/Library/Application
 * Support/tako`), and `$XDG_CONFIG_HOME/tako`, or `~/.config/tako`. Relative XDG paths are ignored (XDG Base
 * Directory Specification).
 */
export const foldersOf = (
  variables: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform
): Folders => {
  if (variables.TAKO_HOME) {
    const home = Path.resolve(variables.TAKO_HOME)
    return { data: home, config: home }
  }
  const user = absolute(variables.HOME) ?? userFolder()
  const share = platform === "darwin" ? ["Library", "Application Support"] : [".local", "share"]
  return {
    data: Path.join(absolute(variables.XDG_DATA_HOME) ?? Path.join(user, ...share), "tako"),
    config: Path.join(absolute(variables.XDG_CONFIG_HOME) ?? Path.join(user, ".config"), "tako")
  }
}

const absolute = (path: string | undefined): string | undefined =>
  path !== undefined && Path.isAbsolute(path) ? path : undefined

/** A uid without an account, as in a container, has no home folder: then nothing can be found or kept there. */
const userFolder = (): string => {
  try {
    return Os.userInfo().homedir
  } catch {
    return "/nonexistent"
  }
}
