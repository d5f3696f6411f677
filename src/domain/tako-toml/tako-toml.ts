import type * as Duration from "effect/Duration"
import type { EnvironmentName, SecretName } from "../names.ts"

/** A program with its arguments, run as it stands; or one line for `sh -c`. */
export type Command = string | readonly [string, ...ReadonlyArray<string>]

/** Plain environment variables, by name. */
export type Vars = ReadonlyMap<string, string>

/** How a release is made out of the project's folder. */
export interface Build {
  readonly run?: Command
  readonly install?: Command
  /** Globs from the project's folder; empty means everything that git has. */
  readonly include: ReadonlyArray<string>
  readonly exclude: ReadonlyArray<string>
}

/**
 * How tako-server learns that an instance listens: by fd 4 when there is no `port`, on this port (1 to 65535), on the
 * one that it hands over as PORT, or not at all (a worker).
 */
export type Port = number | "assign" | "none"

/** How an environment is deployed: `[envs.<name>]`. */
export interface Deployment {
  /** Names of servers of the user's config.toml. */
  readonly servers: ReadonlyArray<string>
  /** 1 to 1000. */
  readonly instances?: number
  /** Where the front listens, host and port: "127.0.0.1:8080", "[::1]:8080". */
  readonly listen?: string
  readonly port?: Port
  /** How long an instance that goes may take for the requests it has; more than nothing, at most an hour. */
  readonly drain?: Duration.Duration
  /** In place of the project's. */
  readonly release?: Command
}

/** What the project says of its secrets' names, never of their values. */
export interface ExpectedSecrets {
  readonly required: ReadonlyArray<SecretName>
  readonly optional: ReadonlyArray<SecretName>
  /** What a value looks like, in words that the reader of it knows. */
  readonly shapes: ReadonlyMap<SecretName, string>
}

export const expectsNothing: ExpectedSecrets = { required: [], optional: [], shapes: new Map() }

/** What tako.toml says. */
export interface TakoToml {
  /** `[a-z][a-z0-9-]{0,62}`; that of the folder, made fit, when the file has none. */
  readonly name: string
  /** What an instance runs; `main = FILE` is `["node", FILE]`. */
  readonly start?: Command
  readonly dev?: Command
  /** Run once per deploy, on the first server. */
  readonly release?: Command
  readonly build: Build
  /** Of every environment. */
  readonly vars: Vars
  /** Of one environment, over those of every one. */
  readonly varsOf: ReadonlyMap<EnvironmentName, Vars>
  readonly envs: ReadonlyMap<EnvironmentName, Deployment>
  readonly secrets: ExpectedSecrets
  /** Paths of the keys that only the original tako uses; accepted and left alone, to be warned about once. */
  readonly ignored: ReadonlyArray<string>
}

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
