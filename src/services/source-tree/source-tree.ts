import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { PathRefused } from "../../domain/errors/secrets-file.ts"

/** The project's own source files. Every path is relative to its root, with "/"; the root is "". */
export class SourceTree extends Context.Tag("tako/SourceTree")<
  SourceTree,
  {
    /**
     * Finds files with these names, nearest to the root first. Visits at most 2,000 folders, skipping those of
     * packages, builds and tools (node_modules, vendor, dist, .git …), other projects and repositories, and
     * links.
     */
    readonly find: (names: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>>
    /** The files in a folder, sorted; none if it does not exist. */
    readonly files: (folder: string) => Effect.Effect<ReadonlyArray<string>>
    /** Whether it is a folder; false for a link. */
    readonly hasFolder: (path: string) => Effect.Effect<boolean>
    /** A file's text, with U+FFFD for invalid UTF-8; none if the file does not exist. */
    readonly read: (path: string) => Effect.Effect<Option.Option<string>, FileFailed | PathRefused>
    /** Atomically replaces a file's text; keeps its mode, and a link within the project stays a link. */
    readonly write: (path: string, text: string) => Effect.Effect<void, FileFailed | PathRefused>
  }
>() {}

/** Folders of other people's code and of tools' output; names that start with a dot are skipped as well. */
const skippedFolders = new Set(
  "node_modules bower_components vendor dist build out target coverage tmp venv __pycache__".split(" ")
)

export const isSkipped = (folder: string): boolean => folder.startsWith(".") || skippedFolders.has(folder)

/** Whether these entries make a folder a project or repository of its own. */
export const isOtherProject = (entries: ReadonlyArray<string>): boolean =>
  entries.some((name) => name === "tako.toml" || name === ".tako" || name === ".git")
