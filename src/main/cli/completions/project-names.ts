import * as Fs from "node:fs"
import * as Path from "node:path"
import { isEnvironmentName, isSecretName } from "../../../domain/names.ts"
import { projectNameOf } from "../../../domain/tako-toml/project-name.ts"
import { findRoot } from "../../../services/project/root.ts"
import type { Names } from "./complete.ts"
import { readText } from "./read-text.ts"
import { serverNames } from "./server-names.ts"

/** The names in the secrets file of the project of `config`, else of where we are; none where anything is wrong. */
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

// Anybody's file: what a shell is shown of it are names in their own spelling, which holds nothing that a shell or a
// terminal knows, and no name that would be taken for a flag.
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

/** As a tako.toml has it before its first table. */
const nameIn = (root: string): string | undefined => {
  try {
    const [top = ""] = readText(Path.join(root, "tako.toml")).split(/^\s*\[/m)
    const [, , name] = /^\s*name\s*=\s*(["'])([a-z][a-z0-9-]{0,62})\1/m.exec(top) ?? []
    return name
  } catch {
    return undefined
  }
}
