import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { type AppName, isAppName, partsOf } from "../../domain/app/app-name.ts"
import { isRevision, type Revision } from "../../domain/app/release.ts"
import type { FileFailed } from "../../domain/errors/files.ts"
import { DataUnsafe } from "../../domain/errors/server.ts"
import { attempt, unless } from "../files/errno.ts"
import * as Private from "../files/private.ts"
import { closed, makePrivateFolder, unchangeable } from "../files/private.ts"

/** `<data>/apps/<project>/<environment>`, each folder with mode 0700. */
export const folderOf = (data: string, app: AppName): string => {
  const { project, environment } = partsOf(app)
  return Path.join(data, "apps", project, environment)
}

export const statePath = (folder: string): string => Path.join(folder, "state.json")
export const auditPath = (folder: string): string => Path.join(folder, "audit.jsonl")
export const revisionPath = (folder: string, revision: Revision): string =>
  Path.join(folder, `secrets.${revision}.enc`)

/** The revision of a secrets file, from its name. */
export const revisionOf = (name: string): Revision | undefined => {
  const [, digits = ""] = /^secrets\.([1-9]\d*)\.enc$/.exec(name) ?? []
  const revision = Number(digits)
  return isRevision(revision) ? revision : undefined
}

/** Whether the app has a folder. DataUnsafe if another user can change it, or a folder above it. */
export const checkApp = (data: string, app: AppName): Effect.Effect<boolean, DataUnsafe | FileFailed> => {
  const folder = folderOf(data, app)
  const above = [Path.dirname(Path.dirname(folder)), Path.dirname(folder), folder]
  return Effect.flatMap(checkFolder(data, unchangeable), (exists) =>
    Effect.reduce(above, exists, (exists, each) =>
      exists ? checkFolder(each, closed) : Effect.succeed(false)
    )
  )
}

export const makeApp = (data: string, app: AppName): Effect.Effect<void, DataUnsafe | FileFailed> =>
  Effect.flatMap(checkApp(data, app), (exists) =>
    exists
      ? Effect.void
      : Effect.zipRight(makePrivateFolder(folderOf(data, app)), Effect.asVoid(checkApp(data, app)))
  )

/** Every app that has a folder, sorted, including removed apps. */
export const folders = (data: string): Effect.Effect<ReadonlyArray<AppName>, DataUnsafe | FileFailed> => {
  const root = Path.join(data, "apps")
  return Effect.flatMap(checkFolder(root, closed), (exists) =>
    exists ? attempt("read", root, () => list(root)) : Effect.succeed([])
  )
}

const list = (root: string): ReadonlyArray<AppName> =>
  entries(root)
    .flatMap((project) => entries(Path.join(root, project)).map((environment) => `${project}/${environment}`))
    .filter(isAppName)
    .sort()

export const entries = (folder: string): ReadonlyArray<string> =>
  unless(["ENOENT", "ENOTDIR"], () => Fs.readdirSync(folder)) ?? []

/** Whether any secrets are sealed under a server key. */
export const hasSecrets = (data: string): Effect.Effect<boolean, FileFailed> =>
  attempt("read", data, () =>
    list(Path.join(data, "apps")).some((app) =>
      entries(folderOf(data, app)).some((name) => revisionOf(name) !== undefined)
    )
  )

/** Like {@link Private.readPrivate}, with the errors of the data directory. */
export const readPrivate = (
  path: string,
  limit: number
): Effect.Effect<Option.Option<Buffer>, DataUnsafe | FileFailed> =>
  Effect.catchTag(Private.readPrivate(path, limit), "UnsafeFile", unsafeData)

/** False if it does not exist. */
export const checkFolder = (
  path: string,
  forbidden: typeof Private.closed | typeof Private.unchangeable
): Effect.Effect<boolean, DataUnsafe | FileFailed> =>
  Effect.catchTag(Private.checkFolder(path, forbidden), "UnsafeFile", unsafeData)

const unsafeData = ({ path, directory, problem }: Private.UnsafeFile) =>
  new DataUnsafe({ path, directory, problem })
