import * as Fs from "node:fs"
import * as Path from "node:path"
import { isEnvironmentName, isSecretName } from "../../../domain/names.ts"
import { projectNameOf } from "../../../domain/tako-toml/tako-toml.ts"
import { foldersOf } from "../../../services/home/folders.ts"
import { findRoot } from "../../../services/project/root.ts"
import type { Names } from "./complete.ts"

/** The names of the project of `config`, or else of the current directory; none on any error. */
export const namesFor = (config: string | undefined): Names => {
  const environments = read(config)
  return {
    environments: () => environments.map(([name]) => name),
    servers: serverNames,
    apps: () =>
      appsOf(
        config,
        environments.map(([name]) => name)
      ),
    secrets: (wanted) => {
      const chosen = environments.filter(([name]) => wanted === undefined || name === wanted)
      return [...new Set(chosen.flatMap(([, names]) => names))].sort()
    }
  }
}

type Environments = ReadonlyArray<readonly [name: string, secrets: ReadonlyArray<string>]>

// The file may be anybody's. Only valid names are shown, which hold nothing special to a shell or a terminal, and none
// that looks like a flag.
const read = (config: string | undefined): Environments => {
  try {
    const root = rootOf(config)
    if (root === undefined) return []
    const json = JSON.parse(readText(Path.join(root, ".tako", "secrets.json"))) as Record<string, unknown>
    return Object.keys(json)
      .filter((name) => isEnvironmentName(name) && !name.startsWith("-"))
      .sort()
      .map((name) => {
        const { secrets } = json[name] as { readonly secrets: object }
        return [name, Object.keys(secrets).filter(isSecretName)] as const
      })
  } catch {
    return []
  }
}

const rootOf = (config: string | undefined): string | undefined => {
  if (config !== undefined) return Path.dirname(Path.resolve(config))
  const { directory, foreignOwner } = findRoot(Fs.realpathSync("."))
  return foreignOwner === undefined ? directory : undefined
}

/** This project's name before each of its environments. */
const appsOf = (config: string | undefined, environments: ReadonlyArray<string>): ReadonlyArray<string> => {
  try {
    const root = rootOf(config)
    if (root === undefined) return []
    const name = nameIn(root) ?? projectNameOf(Path.basename(root))
    return environments.map((environment) => `${name}/${environment}`)
  } catch {
    return []
  }
}

/** The name in tako.toml, which is before its first table. */
const nameIn = (root: string): string | undefined => {
  try {
    const [top = ""] = readText(Path.join(root, "tako.toml")).split(/^\s*\[/m)
    const [, , name] = /^\s*name\s*=\s*(["'])([a-z][a-z0-9-]{0,62})\1/m.exec(top) ?? []
    return name
  } catch {
    return undefined
  }
}

/** The names of `[[servers]]` in config.toml, in the form that tako writes, and local. */
const serverNames = (): ReadonlyArray<string> => {
  try {
    return [...namesIn(readText(Path.join(foldersOf(process.env).config, "config.toml"))), "local"]
  } catch {
    return ["local"]
  }
}

/** Not with a TOML parser, which would make the shell wait. */
const namesIn = (text: string): ReadonlyArray<string> => {
  let isServer = false
  return text.split("\n").flatMap((line) => {
    if (line.trimStart().startsWith("[")) isServer = /^\s*\[\[\s*servers\s*\]\]/.test(line)
    const [, , name] =
      (isServer && /^\s*name\s*=\s*(["'])([A-Za-z0-9][A-Za-z0-9._-]{0,62})\1/.exec(line)) || []
    return name ?? []
  })
}

/** The limit of the real parsers, which need Effect and would make the shell wait. */
const maxFileLength = 4 * 1024 * 1024

/** Does not block on a FIFO. */
const readText = (path: string): string => {
  const fd = Fs.openSync(path, Fs.constants.O_RDONLY | Fs.constants.O_NONBLOCK)
  try {
    const stats = Fs.fstatSync(fd)
    return stats.isFile() && stats.size <= maxFileLength ? Fs.readFileSync(fd, "utf8") : ""
  } finally {
    Fs.closeSync(fd)
  }
}
