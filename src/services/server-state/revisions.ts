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
import { attempt, unless } from "../files/attempt.ts"
import { replace, syncFolder } from "../files/replace.ts"
import type { ServerKey } from "../server-key/server-key.ts"
import { checkApp, folderOf, makeApp, readPrivate, revisionPath } from "./folders.ts"
import type { ServerState } from "./server-state.ts"

/** Where the secrets are, which need not be where the state is. */
export interface Revisions extends Pick<Context.Tag.Service<ServerState>, "stage" | "secrets" | "discard"> {
  /** All of an app's are forgotten. */
  readonly forget: (app: AppName) => Effect.Effect<void>
  /** Whether files of revisions that the state does not refer to are left by a crash. */
  readonly onDisk: boolean
}

/** What came in one line of 16 MiB is not longer when it is sealed, but for its frame. */
const maxFileLength = 2 * maxLineLength

/** `secrets.<revision>.enc`, 0600, under the server's key. */
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

/** Nothing of them is ever written. */
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
