import type * as Duration from "effect/Duration"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import type { Release, Revision } from "../../domain/app/release.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import type { Home } from "../../services/app-home/app-home.ts"

/** What instances are started from. */
export interface Plan {
  readonly app: AppName
  readonly release: Release
  /** Null: the app has never had secrets. */
  readonly revision: Revision | null
  readonly secrets: SecretSet
  readonly home: Home
  readonly settings: Settings
}

export const drainOf = ({ release }: Plan): number => release.drain_ms ?? defaultDrain

/** Of the server's variables, those that say where programs are and how a person writes, and nothing else. */
const allowed = /^(?:PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ)$/

const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/** The whole environment of an instance: the release's variables win over ours, and what the contract fixes over both. */
export const instanceEnvironment = (
  app: AppName,
  release: Release,
  home: Home,
  port: number,
  inherited: Readonly<Record<string, string | undefined>>
): Readonly<Record<string, string | undefined>> => {
  const { project, environment } = partsOf(app)
  return {
    PATH: usualPath,
    ...Object.fromEntries(Object.entries(inherited).filter(([name]) => allowed.test(name))),
    HOME: home.directory,
    NODE_ENV: environment === "development" ? "development" : "production",
    ...Object.fromEntries(release.vars ?? []),
    ENV: environment,
    PORT: `${port}`,
    HOST: "127.0.0.1",
    TAKO_APP_NAME: project,
    TAKO_DATA_DIR: home.directory,
    TAKO_BUILD: release.build ?? `${release.id}`
  }
}

/** In the environment of everything that was started for the app by this server, and of nothing else. */
export const markOf = (home: Home): string => `TAKO_DATA_DIR=${home.directory}`

/** What a server is told at its start. */
export interface Settings {
  /** How long new instances must stay healthy, all of them, before old ones go. */
  readonly window: Duration.DurationInput
  /** How long an instance may take until it is healthy. */
  readonly startWithin: Duration.DurationInput
  /** How long an instance that was told to end may take; then it is killed. */
  readonly grace: Duration.DurationInput
  /** How long a release command may take. */
  readonly releaseWithin: Duration.DurationInput
  /** The server's own variables, of which instances get a few. */
  readonly inherited: Readonly<Record<string, string | undefined>>
}

export const defaults: Omit<Settings, "inherited"> = {
  window: "3 seconds",
  startWithin: "60 seconds",
  grace: "10 seconds",
  releaseWithin: "10 minutes"
}

/** How long the requests that an instance has may take when it is to go, in ms, unless its release says otherwise. */
export const defaultDrain = 30_000

/** How long a request waits while there is no healthy instance. */
export const hold: Duration.DurationInput = "5 seconds"
