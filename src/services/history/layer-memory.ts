import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type Commit, History } from "./history.ts"

/** A commit and the full texts it contains, by path. */
export interface Brought {
  readonly path: string
  readonly texts: ReadonlyArray<string>
  readonly commit: Commit
}

/** A history of these commits, the newest last, and these ignored paths. */
export const layerMemory = (options?: {
  readonly commits?: ReadonlyArray<Brought>
  readonly ignored?: ReadonlyArray<string>
}): Layer.Layer<History> =>
  Layer.succeed(History, {
    commitThatBrought: (path, text) =>
      Effect.sync(() =>
        Option.map(
          Option.fromNullable(
            options?.commits?.findLast((brought) => brought.path === path && brought.texts.includes(text))
          ),
          ({ commit }) => commit
        )
      ),
    isIgnored: (path) => Effect.succeed(options?.ignored?.includes(path) === true)
  })
