import * as Fs from "node:fs"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AppName } from "../../domain/app/app-name.ts"
import type { Revision } from "../../domain/app/release.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import type { FileFailed } from "../../domain/errors/files.ts"
import { type DataUnsafe, RevisionUnreadable } from "../../domain/errors/server.ts"
import { maxLineLength } from "../../domain/protocol/requests.ts"
import { attempt, unless } from "../files/errno.ts"
import { replace, syncFolder } from "../files/replace.ts"
import type { ServerKey } from "../server-key/server-key.ts"
import { checkApp, folderOf, makeApp, readPrivate, revisionPath } from "./folders.ts"
import type { ServerState } from "./server-state.ts"

/** Stores the secrets of revisions, independently of where the state is. */
export interface Revisions extends Pick<Context.Tag.Service<ServerState>, "stage" | "secrets" | "discard"> {
  /** Removes all revisions of an app. */
  readonly forget: (app: AppName) => Effect.Effect<void>
  /** Whether a crash may leave files of revisions that no state refers to. */
  readonly onDisk: boolean
}

/** Secrets arrive in a line of at most 16 MiB, and sealing adds only a small frame. */
const maxFileLength = 2 * maxLineLength

/** Files `secrets.<revision>.enc`, mode 0600, sealed under the server key. */
export const onDisk = (data: string, key: Context.Tag.Service<ServerKey>): Revisions => ({
  onDisk: true,
  forget: () => Effect.void,
  stage: (app, revision, secrets) => {
    const path = revisionPath(folderOf(data, app), revision)
    return makeApp(data, app).pipe(
      Effect.zipRight(key.seal({ app, revision }, secrets)),
      Effect.flatMap((sealed) => replace(path, sealed, { _tag: "Exactly", mode: 0o600 }, Effect.void))
    )
  },
  secrets: Effect.fnUntraced(function* (app, revision): Effect.fn.Return<
    SecretSet,
    RevisionUnreadable | DataUnsafe | FileFailed
  > {
    const unreadable = (reason: RevisionUnreadable["reason"]) =>
      new RevisionUnreadable({ app, revision, reason })
    if (!(yield* checkApp(data, app))) return yield* unreadable("missing")
    const sealed = yield* readPrivate(revisionPath(folderOf(data, app), revision), maxFileLength)
    if (Option.isNone(sealed)) return yield* unreadable("missing")
    const secrets = yield* key.open({ app, revision }, sealed.value)
    return Option.isSome(secrets) ? secrets.value : yield* unreadable("sealed")
  }),
  discard: Effect.fnUntraced(function* (app, revision): Effect.fn.Return<void, DataUnsafe | FileFailed> {
    if (!(yield* checkApp(data, app))) return
    const folder = folderOf(data, app)
    const path = revisionPath(folder, revision)
    yield* attempt("write", path, () => unless(["ENOENT"], () => Fs.unlinkSync(path)))
    yield* syncFolder(folder, path)
  })
})

/** Never written to disk. */
export const inMemory = (): Revisions => {
  const revisions = new Map<AppName, Map<Revision, SecretSet>>()
  return {
    onDisk: false,
    forget: (app) => Effect.sync(() => void revisions.delete(app)),
    stage: (app, revision, secrets) =>
      Effect.sync(() => {
        revisions.set(app, new Map(revisions.get(app)).set(revision, new Map(secrets)))
      }),
    secrets: (app, revision) =>
      Effect.suspend(() => {
        const secrets = revisions.get(app)?.get(revision)
        if (secrets !== undefined) return Effect.succeed(secrets)
        return new RevisionUnreadable({ app, revision, reason: revisions.has(app) ? "missing" : "awaited" })
      }),
    discard: (app, revision) => Effect.sync(() => void revisions.get(app)?.delete(revision))
  }
}
