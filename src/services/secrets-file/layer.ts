import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { FileFailed } from "../../domain/errors/files.ts"
import { PathRefused, SecretsFileChanged } from "../../domain/errors/secrets-file.ts"
import * as Environments from "../../domain/secrets-file/environments.ts"
import { maxFileLength, parse } from "../../domain/secrets-file/parse.ts"
import { attempt, unless } from "../files/errno.ts"
import { type Lock, whileLocked } from "../files/lock.ts"
import { withOpenFile } from "../files/open-file.ts"
import { isInside } from "../files/paths-within.ts"
import { type Permissions, replace, syncFolder } from "../files/replace.ts"
import { Project } from "../project/project.ts"
import { replacement } from "./replacement.ts"
import { SecretsFile } from "./secrets-file.ts"

/** `<project root>/.tako/secrets.json`, with its lock and its temporary files in the same folder. */
export const layer: Layer.Layer<SecretsFile, never, Project> = Layer.effect(
  SecretsFile,
  Effect.map(Project, ({ root }) => ({
    path: Path.join(root, ".tako", "secrets.json"),
    read: Effect.flatMap(locate(root), ({ path }) => readContents(path)).pipe(
      Effect.flatMap(environmentsOf),
      Effect.withSpan("SecretsFile.read")
    ),
    update: Effect.fn("SecretsFile.update")(function* <E, R>(
      change: (current: Environments.Environments) => Effect.Effect<Environments.Environments, E, R>
    ) {
      const location = yield* locate(root)
      yield* makeFolder(location)
      return yield* whileLocked(location.path, (lock) => changeUnder(root, location, lock, change))
    })
  }))
)

const changeUnder = Effect.fnUntraced(function* <E, R>(
  root: string,
  { path }: Location,
  lock: Lock,
  change: (current: Environments.Environments) => Effect.Effect<Environments.Environments, E, R>
) {
  const before = yield* readContents(path)
  const current = yield* environmentsOf(before)
  const next = yield* change(current)
  const bytes = yield* replacement(path, current, next)
  if (Option.isNone(bytes)) return next
  const unchanged = Effect.gen(function* () {
    const now = yield* locate(root)
    const same = now.path === path && sameBytes(before, yield* readContents(path)) && (yield* lock.isOurs)
    if (!same) yield* new SecretsFileChanged({})
  })
  yield* replace(path, bytes.value, permissionsOf(before), unchanged)
  return next
})

const environmentsOf = (contents: Contents | undefined) =>
  contents === undefined ? Effect.succeed(Environments.empty) : parse(contents.bytes)

const permissionsOf = (contents: Contents | undefined): Permissions =>
  contents === undefined ? { _tag: "LessUmask", mode: 0o644 } : { _tag: "Like", stats: contents.stats }

const makeFolder = ({ path, folderIsThere }: Location) => {
  const folder = Path.dirname(path)
  return folderIsThere
    ? Effect.void
    : Effect.zipRight(
        attempt("write", folder, () => unless(["EEXIST"], () => Fs.mkdirSync(folder, 0o755))),
        syncFolder(Path.dirname(folder), folder)
      )
}

/** The file's actual or future location, with links resolved; `folderIsThere` is false before the first write. */
interface Location {
  readonly path: string
  readonly folderIsThere: boolean
}

/** The folder and the file may be symbolic links that stay in the project. */
const locate = (root: string): Effect.Effect<Location, PathRefused | FileFailed> => {
  const folder = Path.join(root, ".tako")
  const name = "secrets.json"
  return Effect.gen(function* () {
    const realFolder = yield* follow(root, folder)
    if (realFolder === undefined) return { path: Path.join(folder, name), folderIsThere: false }
    const path = Path.join(realFolder, name)
    return { path: (yield* follow(root, path)) ?? path, folderIsThere: true }
  })
}

/** Undefined when the path does not exist. */
const follow = (root: string, path: string) =>
  Effect.flatMap(
    attempt("read", path, () => {
      const stats = Fs.lstatSync(path, { throwIfNoEntry: false })
      if (stats === undefined) return { real: undefined }
      if (!stats.isSymbolicLink()) return { real: path }
      const real = unless(["ENOENT", "ELOOP"], () => Fs.realpathSync.native(path))
      if (real === undefined) return { refused: "not-a-file" as const }
      return isInside(root, real) ? { real } : { refused: "symlink-outside-project" as const }
    }),
    ({ real, refused }) =>
      refused === undefined ? Effect.succeed(real) : new PathRefused({ path, reason: refused })
  )

interface Contents {
  readonly bytes: Uint8Array
  readonly stats: Fs.Stats
}

/** Undefined if the file does not exist. Stops reading a file once it is known to be too large. */
const readContents = (path: string): Effect.Effect<Contents | undefined, FileFailed | PathRefused> =>
  Effect.flatMap(
    attempt("read", path, () => {
      // Only a regular file is opened, because opening a device may have side effects.
      if (Fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) return "not-a-file"
      return unless(["ENOENT"], () =>
        withOpenFile(path, ({ stats, read }) =>
          stats.isFile() ? { stats, bytes: read(maxFileLength) } : "not-a-file"
        )
      )
    }),
    (contents) =>
      contents === "not-a-file" ? new PathRefused({ path, reason: "not-a-file" }) : Effect.succeed(contents)
  )

const sameBytes = (a: Contents | undefined, b: Contents | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Buffer.compare(a.bytes, b.bytes) === 0
