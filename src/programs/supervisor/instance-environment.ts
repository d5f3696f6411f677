import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import type { Release } from "../../domain/app/release.ts"
import type { Home } from "../../services/app-home/app-home.ts"

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
