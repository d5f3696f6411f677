import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AppName } from "../../domain/app/app-name.ts"
import { usedRevisions } from "../../domain/app/app-state.ts"
import { attempt } from "../files/attempt.ts"
import { syncFolder } from "../files/replace.ts"
import { checkApp, folderOf, folders, revisionOf } from "./folders.ts"
import { clear, read } from "./state-files.ts"

/**
 * Clears away what a crash has left of each app. Nothing is touched where the state cannot be read: what it refers to is
 * not known.
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
  yield* attempt("write", folder, () => clear(folder, (name) => secrets && !used.has(revisionOf(name) ?? 0)))
  yield* syncFolder(folder, folder)
})
