import type { EnvironmentName } from "../names.ts"
import type { Document } from "./decode.ts"
import type { Vars } from "./fields.ts"

/** How a release is made out of the project's folder. */
export type Build = Document["build"]

/** How an environment is deployed: `[envs.<name>]`. */
export type Deployment = Document["envs"] extends ReadonlyMap<EnvironmentName, infer A> ? A : never

/** What the project says about the names of its secrets, never about their values. */
export type ExpectedSecrets = Document["secrets"]
export type { Command, Port, Vars } from "./fields.ts"

/** What tako.toml says. */
export interface TakoToml extends Pick<Document, "start" | "dev" | "release" | "build" | "envs" | "secrets"> {
  /** `[a-z][a-z0-9-]{0,62}`; that of the folder, made fit, when the file has none. */
  readonly name: string
  /** Of every environment. */
  readonly vars: Vars
  /** Of one environment, over those of every one. */
  readonly varsOf: ReadonlyMap<EnvironmentName, Vars>
  /** Paths of the keys that only the original tako uses; accepted and left alone, to be warned about once. */
  readonly ignored: ReadonlyArray<string>
}

export const expectsNothing: ExpectedSecrets = { required: [], optional: [], shapes: new Map() }

/** The variables of an environment: those of all, and its own over them. */
export const varsIn = (config: TakoToml, environment: EnvironmentName): Vars =>
  new Map([...config.vars, ...(config.varsOf.get(environment) ?? [])])

const pattern = /^[a-z][a-z0-9-]{0,62}$/

/** Whether this can be a project's name: a letter of a-z, then up to 62 of a-z, 0-9 and "-". */
export const isProjectName = (text: string): boolean => pattern.test(text)

/** A folder's name made fit for a project: accents and everything before the first letter dropped, the rest "-". */
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
