import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type Commit, History } from "./history.ts"

/** A commit and the texts that it added to a file. */
export interface Addition {
  readonly path: string
  readonly texts: ReadonlyArray<string>
  readonly commit: Commit
}

/** A history of these commits, the newest last, and these ignored paths. */
export const layerMemory = (options?: {
  readonly commits?: ReadonlyArray<Addition>
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
    isIgnored: (path) => Effect.succeed(options?.ignored?.includes(path) === true)
  })
