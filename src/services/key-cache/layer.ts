import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Key from "../../domain/key.ts"
import { attempt, unless } from "../files/errno.ts"
import { checkFolder, closed, makePrivateFolder, readPrivate, unchangeable } from "../files/private.ts"
import { replace, sweep, syncFolder } from "../files/replace.ts"
import { Home } from "../home/home.ts"
import { asUnavailable, unreadable } from "../home/unavailable.ts"
import { KeyCache } from "./key-cache.ts"

/** `$TAKO_HOME/keys/<key id>`: base64 of 32 bytes and a newline. */
export const layer: Layer.Layer<KeyCache, never, Home> = Layer.effect(
  KeyCache,
  Effect.map(Home, ({ data }) => {
    const folder = Path.join(data, "keys")
    const pathOf = (id: Key.KeyId) => Path.join(folder, id)

    const folderIsThere = Effect.flatMap(checkFolder(data, unchangeable), (there) =>
      there ? checkFolder(folder, closed) : Effect.succeed(false)
    )

    const find = (id: Key.KeyId) =>
      Effect.flatMap(folderIsThere, (there) => (there ? readKey(pathOf(id)) : Effect.succeedNone))

    /** Temporary files of other keys, too: each of them holds a key. */
    const sweepFolder = Effect.ignore(attempt("write", folder, () => sweep(folder, () => true)))

    const keep = Effect.fn("KeyCache.keep")(function* (id: Key.KeyId, key: Key.Key) {
      const path = pathOf(id)
      yield* makePrivateFolder(folder)
      const kept = yield* find(id)
      if (Option.isSome(kept)) {
        const same = Buffer.compare(Redacted.value(kept.value), Redacted.value(key)) === 0
        Key.wipe(kept.value)
        if (same) return path
      }
      yield* sweepFolder
      yield* writeKey(path, key)
      return path
    })

    const forget = Effect.fn("KeyCache.forget")(function* (id: Key.KeyId) {
      if (!(yield* folderIsThere)) return false
      const path = pathOf(id)
      yield* sweepFolder
      const removed = yield* attempt("write", path, () =>
        unless(["ENOENT"], () => {
          Fs.unlinkSync(path)
          return true
        })
      )
      if (removed === undefined) return false
      yield* syncFolder(folder, path)
      return true
    })

    return {
      find: (id) => asUnavailable(find(id)),
      keep: (id, key) => asUnavailable(keep(id, key)),
      forget: (id) => asUnavailable(forget(id))
    }
  })
)

/** The length of the base64 of 32 bytes. */
const textLength = 44

const readKey = Effect.fnUntraced(function* (path: string) {
  const bytes = yield* readPrivate(path, textLength + 1)
  if (Option.isNone(bytes)) return Option.none()
  const text = bytes.value.toString("latin1")
  bytes.value.fill(0)
  const key = text.endsWith("\n") ? Key.fromBase64(Redacted.make(text.slice(0, -1))) : Option.none()
  if (Option.isNone(key)) return yield* unreadable(path)
  return key
})

const writeKey = (path: string, key: Key.Key) =>
  Effect.acquireUseRelease(
    Effect.sync(() => Buffer.from(`${Redacted.value(Key.toBase64(key))}\n`)),
    (bytes) => replace(path, bytes, { _tag: "Exactly", mode: 0o600 }, Effect.void),
    (bytes) => Effect.sync(() => bytes.fill(0))
  )
