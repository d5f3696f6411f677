import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { SecretsFileChanged } from "../../domain/errors/secrets-file.ts"
import * as Environments from "../../domain/secrets-file/environments.ts"
import { parse } from "../../domain/secrets-file/parse.ts"
import { attempt, unless } from "../files/attempt.ts"
import { type Lock, whileLocked } from "../files/lock.ts"
import { type Permissions, replace, syncFolder } from "../files/replace.ts"
import { Project } from "../project/project.ts"
import { type Contents, readContents, sameBytes } from "./contents.ts"
import { type Location, locate } from "./location.ts"
import { replacement } from "./replacement.ts"
import { SecretsFile } from "./secrets-file.ts"

/** `<project root>/.tako/secrets.json`, with its lock and its temporary files beside it. */
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
  const found = yield* readContents(path)
  const current = yield* environmentsOf(found)
  const next = yield* change(current)
  const bytes = yield* replacement(path, current, next)
  if (Option.isNone(bytes)) return next
  const unchanged = Effect.gen(function* () {
    const now = yield* locate(root)
    const same = now.path === path && sameBytes(found, yield* readContents(path)) && (yield* lock.isOurs)
    if (!same) yield* new SecretsFileChanged({})
  })
  yield* replace(path, bytes.value, permissionsOf(found), unchanged)
  return next
})

const environmentsOf = (found: Contents | undefined) =>
  found === undefined ? Effect.succeed(Environments.empty) : parse(found.bytes)

const permissionsOf = (found: Contents | undefined): Permissions =>
  found === undefined ? { _tag: "LessUmask", mode: 0o644 } : { _tag: "Like", stats: found.stats }

const makeFolder = ({ path, folderIsThere }: Location) => {
  const folder = Path.dirname(path)
  return folderIsThere
    ? Effect.void
    : Effect.zipRight(
        attempt("write", folder, () => unless(["EEXIST"], () => Fs.mkdirSync(folder, 0o755))),
        syncFolder(Path.dirname(folder), folder)
      )
}
