import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { FileFailed, FileLocked } from "../../domain/errors/files.ts"
import { ServerKeyRefused } from "../../domain/errors/server.ts"
import * as Key from "../../domain/key.ts"
import { attempt, errnoOf } from "../files/errno.ts"
import { whileLocked } from "../files/lock.ts"
import { withOpenFile } from "../files/open-file.ts"
import { makePrivateFolder, readPrivate } from "../files/private.ts"
import { replace } from "../files/replace.ts"
import { serverKeyFrom } from "./sealing.ts"
import { ServerKey } from "./server-key.ts"

/** The name of the credential (systemd.exec(5), LoadCredentialEncrypted=). */
export const credentialName = "tako-server.key"

/** The base64 of 32 bytes. */
const textLength = 44

export interface ServerKeyOptions {
  /** The value of $CREDENTIALS_DIRECTORY. If set, the key must be there. */
  readonly credentials?: string | undefined
  /** The 0600 file with the key otherwise; created if neither it nor sealed data exists. */
  readonly file: string
  readonly dataDirectory: string
  /** Whether the data directory contains anything sealed. */
  readonly hasData: Effect.Effect<boolean, FileFailed>
}

/** The key from systemd's credentials, else from a file outside the data directory. */
export const layer = (
  options: ServerKeyOptions
): Layer.Layer<ServerKey, ServerKeyRefused | FileFailed | FileLocked> =>
  Layer.scoped(
    ServerKey,
    Effect.suspend(() =>
      options.credentials === undefined
        ? Effect.flatMap(fromFile(options), (key) => serverKeyFrom("key-file", key))
        : Effect.flatMap(fromCredential(Path.join(options.credentials, credentialName)), (key) =>
            serverKeyFrom("credential", key)
          )
    )
  )

const fromFile = Effect.fnUntraced(function* ({ file, dataDirectory, hasData }: ServerKeyOptions) {
  if (isWithin(realPathOf(dataDirectory), realPathOf(file))) {
    return yield* new ServerKeyRefused({ path: file, problem: "in-data-directory" })
  }
  const existing = yield* read(file)
  if (Option.isSome(existing)) return yield* parse(file, existing.value)
  if (yield* hasData) return yield* new ServerKeyRefused({ path: file, problem: "missing" })
  yield* makePrivateFolder(Path.dirname(file))
  // Two servers that start at once must not create one each.
  return yield* whileLocked(file, () =>
    Effect.flatMap(
      read(file),
      (now): Effect.Effect<Key.Key, ServerKeyRefused | FileFailed> =>
        Option.isSome(now) ? parse(file, now.value) : make(file)
    )
  )
})

const read = (file: string): Effect.Effect<Option.Option<Buffer>, ServerKeyRefused | FileFailed> =>
  Effect.mapError(readPrivate(file, textLength + 1), (error) =>
    error._tag === "UnsafeFile"
      ? new ServerKeyRefused({ path: file, problem: error.problem })
      : error.code === "EACCES"
        ? new ServerKeyRefused({ path: file, problem: "unreadable" })
        : error
  )

/** systemd's credentials belong to root or us and are read-only; an ACL shows up as group permissions. */
const fromCredential = (path: string) =>
  Effect.flatMap(
    attempt("read", path, () => {
      try {
        return withOpenFile(path, ({ stats, read }) => {
          if (!stats.isFile()) return "not-a-file"
          if (stats.uid !== 0 && stats.uid !== process.geteuid?.()) return "foreign-owner"
          return (stats.mode & 0o027) === 0 ? read(textLength + 1) : "permissions"
        })
      } catch (error) {
        const problem = problems[errnoOf(error) ?? ""]
        if (problem === undefined) throw error
        return problem
      }
    }),
    (result) =>
      typeof result === "string" ? new ServerKeyRefused({ path, problem: result }) : parse(path, result)
  )

const problems: Readonly<Record<string, ServerKeyRefused["problem"]>> = {
  ENOENT: "no-credential",
  ELOOP: "symlink",
  ENXIO: "not-a-file",
  EACCES: "unreadable"
}

const parse = (path: string, bytes: Buffer): Effect.Effect<Key.Key, ServerKeyRefused> => {
  const text = bytes.toString("latin1").replace(/\n$/, "")
  bytes.fill(0)
  return Effect.mapError(
    Key.fromBase64(Redacted.make(text)),
    () => new ServerKeyRefused({ path, problem: "content" })
  )
}

const make = Effect.fnUntraced(function* (file: string) {
  const key: Key.Key = Redacted.make<Uint8Array>(Crypto.randomBytes(Key.byteLength))
  const bytes = Buffer.from(`${Redacted.value(Key.toBase64(key))}\n`)
  yield* replace(file, bytes, { _tag: "Exactly", mode: 0o600 }, Effect.void)
  bytes.fill(0)
  return key
})

/** The real path of the part that exists. */
const realPathOf = (path: string): string => {
  const absolute = Path.resolve(path)
  try {
    return Fs.realpathSync(absolute)
  } catch {
    const parent = Path.dirname(absolute)
    return parent === absolute ? absolute : Path.join(realPathOf(parent), Path.basename(absolute))
  }
}

const isWithin = (folder: string, path: string): boolean => {
  const relative = Path.relative(folder, path)
  return relative !== ".." && !relative.startsWith(`..${Path.sep}`) && !Path.isAbsolute(relative)
}
