import type * as Duration from "effect/Duration"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import type { Release, Revision } from "../../domain/app/release.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import type { Home } from "../../services/app-home/app-home.ts"

/** Everything that an instance is started from. */
export interface Plan {
  readonly app: AppName
  readonly release: Release
  /** Null while the app has never had secrets. */
  readonly revision: Revision | null
  readonly secrets: SecretSet
  readonly home: Home
  readonly settings: Settings
}

export const drainOf = ({ release }: Plan): number => release.drain_ms ?? defaultDrain

/** Settings of the server, fixed when it starts. */
export interface Settings {
  /** How long all new instances must stay healthy before the old ones are retired. */
  readonly window: Duration.DurationInput
  /** How long an instance may take to become healthy. */
  readonly startWithin: Duration.DurationInput
  /** Time between SIGTERM and SIGKILL. */
  readonly grace: Duration.DurationInput
  /** How long a release command may take. */
  readonly releaseWithin: Duration.DurationInput
  /** The server's own environment, of which instances inherit a few variables. */
  readonly inherited: Readonly<Record<string, string | undefined>>
}

export const defaults: Omit<Settings, "inherited"> = {
  window: "3 seconds",
  startWithin: "60 seconds",
  grace: "10 seconds",
  releaseWithin: "10 minutes"
}

/** How long a retiring instance may take for its open requests, in ms, unless the release sets drain_ms. */
const defaultDrain = 30_000

/** How long a front holds a request while no instance is healthy. */
export const hold: Duration.DurationInput = "5 seconds"

/** The only variables that instances inherit from the server: search path, locale and time zone. */
const inheritable = /^(?:PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ)$/

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/** Builds the environment of an instance. The release's variables override ours; those of the app contract override both. */
export const instanceEnvironment = (
  app: AppName,
  release: Release,
  home: Home,
  port: number,
  inherited: Readonly<Record<string, string | undefined>>
): Readonly<Record<string, string | undefined>> => {
  const { project, environment } = partsOf(app)
  return {
    PATH: defaultPath,
    ...Object.fromEntries(Object.entries(inherited).filter(([name]) => inheritable.test(name))),
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

/** A variable that only processes started for this app by this server have in their environment. */
export const environmentMark = (home: Home): string => `TAKO_DATA_DIR=${home.directory}`
