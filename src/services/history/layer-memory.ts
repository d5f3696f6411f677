import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type Commit, History, type Version, type Versions } from "./history.ts"

/** A commit and the texts that it added to a file. */
export interface Addition {
  readonly path: string
  readonly texts: ReadonlyArray<string>
  readonly commit: Commit
}

/** A version of a file in a commit. */
export interface PastVersion extends Version {
  readonly path: string
}

/** A history of these commits and versions, the newest last, and these ignored paths. */
export const layerMemory = (options?: {
  readonly commits?: ReadonlyArray<Addition>
  readonly versions?: ReadonlyArray<PastVersion>
  /** Why there may be more versions. */
  readonly missing?: Option.Option.Value<Versions["missing"]>
  readonly ignored?: ReadonlyArray<string>
}): Layer.Layer<History> =>
  Layer.succeed(History, {
    commitThatAdded: (path, text) =>
      Effect.sync(() =>
        Option.map(
          Option.fromNullable(
            options?.commits?.findLast((addition) => addition.path === path && addition.texts.includes(text))
          ),
          ({ commit }) => commit
        )
      ),
    versionsWith: (path, text) =>
      Effect.sync(() => ({
        found: (options?.versions ?? [])
          .filter((version) => version.path === path && Buffer.from(version.content).includes(text))
          .toReversed(),
        missing: Option.fromNullable(options?.missing)
      })),
    isIgnored: (path) => Effect.succeed(options?.ignored?.includes(path) === true)
  })
