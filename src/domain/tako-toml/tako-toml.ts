import type { EnvironmentName } from "../names.ts"
import type { Document } from "./decode.ts"
import type { Vars } from "./fields.ts"

/** How a release is built from the project's folder. */
export type Build = Document["build"]

/** How an environment is deployed: `[envs.<name>]`. */
export type Deployment = Document["envs"] extends ReadonlyMap<EnvironmentName, infer A> ? A : never

/** What the project declares about its secrets: names, never values. */
export type ExpectedSecrets = Document["secrets"]
export type { Command, Port, Vars } from "./fields.ts"

/** The content of tako.toml. */
export interface TakoToml extends Pick<Document, "start" | "dev" | "release" | "build" | "envs" | "secrets"> {
  /** `[a-z][a-z0-9-]{0,62}`; by default derived from the folder's name. */
  readonly name: string
  /** Shared by every environment. */
  readonly vars: Vars
  /** For one environment, overriding the shared ones. */
  readonly varsOf: ReadonlyMap<EnvironmentName, Vars>
  /** Paths of keys that only the original tako uses; ignored with one warning. */
  readonly ignored: ReadonlyArray<string>
}

export const expectsNothing: ExpectedSecrets = { required: [], optional: [], shapes: new Map() }

/** The variables of an environment: the shared ones, overridden by its own. */
export const varsIn = (config: TakoToml, environment: EnvironmentName): Vars =>
  new Map([...config.vars, ...(config.varsOf.get(environment) ?? [])])

const pattern = /^[a-z][a-z0-9-]{0,62}$/

/** Whether this is a valid project name: a letter, then up to 62 of a-z, 0-9 and "-". */
export const isProjectName = (text: string): boolean => pattern.test(text)

/** Derives a project name from a folder's: drops accents and everything before the first letter, and replaces the rest by "-". */
export const projectNameOf = (folder: string): string => {
  const fit = folder
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 63)
    .replace(/-+$/, "")
  return fit === "" ? "app" : fit
}
