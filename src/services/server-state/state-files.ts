import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AppName } from "../../domain/app/app-name.ts"
import { type AppState, usedRevisions } from "../../domain/app/app-state.ts"
import * as StateFile from "../../domain/app/state-file.ts"
import { FileFailed } from "../../domain/errors/files.ts"
import { attempt, unless } from "../files/errno.ts"
import { replace, syncFolder } from "../files/replace.ts"
import {
  auditPath,
  checkApp,
  entries,
  folderOf,
  folders,
  makeApp,
  readPrivate,
  revisionOf,
  statePath
} from "./folders.ts"
import type { StateError } from "./server-state.ts"

export const read = Effect.fnUntraced(function* (
  data: string,
  app: AppName
): Effect.fn.Return<Option.Option<AppState>, StateError> {
  if (!(yield* checkApp(data, app))) return Option.none()
  const bytes = yield* readPrivate(statePath(folderOf(data, app)), StateFile.maxFileLength)
  return Option.isNone(bytes) ? Option.none() : Option.some(yield* StateFile.parse(app, bytes.value))
})

/** Refuses to write a state that could not be read back. */
export const write = Effect.fnUntraced(function* (
  data: string,
  state: AppState
): Effect.fn.Return<void, StateError> {
  const path = statePath(folderOf(data, state.app))
  const bytes = Buffer.from(StateFile.print(state))
  if (bytes.length > StateFile.maxFileLength) {
    return yield* new FileFailed({ operation: "write", path, code: "EFBIG" })
  }
  yield* StateFile.parse(state.app, bytes)
  yield* makeApp(data, state.app)
  yield* replace(path, bytes, { _tag: "Exactly", mode: 0o600 }, Effect.void)
})

export const exists = (data: string, app: AppName): boolean =>
  Fs.lstatSync(statePath(folderOf(data, app)), { throwIfNoEntry: false }) !== undefined

/** Removes the state first: without it the app is unknown, and the next start removes its secrets. */
export const remove = Effect.fnUntraced(function* (data: string, app: AppName) {
  if (!(yield* checkApp(data, app))) return
  const folder = folderOf(data, app)
  const path = statePath(folder)
  yield* attempt("write", path, () => unless(["ENOENT"], () => Fs.unlinkSync(path)))
  yield* syncFolder(folder, path)
  yield* attempt("write", folder, () => removeLeftovers(folder, () => true))
  yield* syncFolder(folder, folder)
  const trail = auditPath(folder)
  yield* attempt("write", folder, () =>
    unless(["ENOTEMPTY", "EEXIST"], () => {
      if (Fs.lstatSync(trail, { throwIfNoEntry: false }) === undefined) Fs.rmdirSync(folder)
    })
  )
})

/** Removes unused revisions, and temporary files of interrupted writes. */
export const removeLeftovers = (folder: string, isUnused: (name: string) => boolean): void => {
  for (const name of entries(folder)) {
    const isLeftover = temporary.test(name) || (revisionOf(name) !== undefined && isUnused(name))
    if (isLeftover) unless(["ENOENT"], () => Fs.unlinkSync(`${folder}/${name}`))
  }
}

const temporary = /^(?:state\.json|secrets\.\d+\.enc)\.[^/]+\.tmp$/

/**
 * Removes what a crash left behind, for each app. Leaves an app alone if its state cannot be read, because then it is unknown
 * which revisions it refers to.
 */
export const recover = (data: string, { secrets }: { readonly secrets: boolean }) =>
  Effect.flatMap(
    folders(data),
    Effect.forEach((app) => Effect.ignore(recoverApp(data, app, secrets)))
  )

const recoverApp = Effect.fnUntraced(function* (data: string, app: AppName, secrets: boolean) {
  if (!(yield* checkApp(data, app))) return
  const folder = folderOf(data, app)
  const used = Option.match(yield* read(data, app), {
    onNone: () => new Set<number>(),
    onSome: (state): ReadonlySet<number> => usedRevisions(state)
  })
  yield* attempt("write", folder, () =>
    removeLeftovers(folder, (name) => secrets && !used.has(revisionOf(name) ?? 0))
  )
  yield* syncFolder(folder, folder)
})
