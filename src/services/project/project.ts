import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { ConfigInvalid } from "../../domain/errors/project.ts"
import type { PathRefused } from "../../domain/errors/secrets-file.ts"
import type { ExpectedSecrets, TakoToml } from "../../domain/tako-toml/tako-toml.ts"

/**
 * The project that a command works on: the folder of the given tako.toml, else of the nearest one upwards,
 * else of the nearest `.tako/secrets.json` or git root upwards, else the current directory.
 */
export class Project extends Context.Tag("tako/Project")<
  Project,
  {
    /** Absolute, symbolic links resolved. */
    readonly root: string
    /** What pins identify it by: "<git common dir>:<path within the work tree>", else the real path. */
    readonly identity: string
    /** None when there is no tako.toml. Read on first use: the secrets commands need none. */
    readonly config: Effect.Effect<Option.Option<TakoToml>, ConfigInvalid | FileFailed>
    /** What tako.toml says about secrets; if it says nothing about them, it is not parsed. */
    readonly expected: Effect.Effect<ExpectedSecrets, ConfigInvalid | FileFailed>
    /** Writes a new file of the project; false if it exists already. */
    readonly writeNew: (path: string, text: string) => Effect.Effect<boolean, FileFailed | PathRefused>
    /** Appends the lines that a file of the project lacks; false if it lacks none. */
    readonly appendLines: (
      path: string,
      lines: ReadonlyArray<string>
    ) => Effect.Effect<boolean, FileFailed | PathRefused>
  }
>() {}
