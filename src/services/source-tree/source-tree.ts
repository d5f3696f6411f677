import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { PathRefused } from "../../domain/errors/secrets-file.ts"

/** The project's own source files; every path is from its root, with "/", and the root is "". */
export class SourceTree extends Context.Tag("tako/SourceTree")<
  SourceTree,
  {
    /**
     * Where files of these names are, the nearest to the root first. Looks into 2,000 folders at most, not into those of
     * packages, builds and tools (node_modules, vendor, dist, .git …), of other projects and repositories, nor through
     * links.
     */
    readonly find: (names: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>>
    /** The files in a folder, sorted; none when it is not there. */
    readonly files: (folder: string) => Effect.Effect<ReadonlyArray<string>>
    /** Whether it is a folder; a link is none. */
    readonly hasFolder: (path: string) => Effect.Effect<boolean>
    /** A file's text, of which bytes that are not UTF-8 are U+FFFD; none when there is no file. */
    readonly read: (path: string) => Effect.Effect<Option.Option<string>, FileFailed | PathRefused>
    /** Puts a text in the place of a file, whole; it keeps its mode, and a link within the project stays one. */
    readonly write: (path: string, text: string) => Effect.Effect<void, FileFailed | PathRefused>
  }
>() {}

/** Folders that hold what others wrote or what tools made; also every one whose name starts with a dot. */
const notOurs = new Set(
  "node_modules bower_components vendor dist build out target coverage tmp venv __pycache__".split(" ")
)

export const isSkipped = (folder: string): boolean => folder.startsWith(".") || notOurs.has(folder)

/** What makes a folder below the root a project or a repository of its own. */
export const isElsewhere = (entries: ReadonlyArray<string>): boolean =>
  entries.some((name) => name === "tako.toml" || name === ".tako" || name === ".git")
