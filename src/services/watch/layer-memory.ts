import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { Watch } from "./watch.ts"

/** Changes files. */
export class WatchControl extends Context.Tag("tako/WatchControl")<
  WatchControl,
  {
    /** False if nothing watches it. */
    readonly touch: (path: string) => Effect.Effect<boolean>
  }
>() {}

interface Watcher {
  readonly paths: ReadonlyArray<string>
  readonly changes: Queue.Queue<void>
}

/** Files change only when a test says so. */
export const layerMemory: Layer.Layer<Watch | WatchControl> = Layer.effectContext(
  Effect.sync(() => {
    const watchers = new Set<Watcher>()
    return Context.make(Watch, {
      open: (paths) =>
        Effect.gen(function* () {
          const watcher: Watcher = { paths, changes: yield* Queue.sliding<void>(1) }
          yield* Effect.acquireRelease(
            Effect.sync(() => watchers.add(watcher)),
            () => Effect.sync(() => watchers.delete(watcher))
          )
          return { changed: Queue.take(watcher.changes) }
        })
    }).pipe(
      Context.add(WatchControl, {
        touch: (path) =>
          Effect.gen(function* () {
            const watching = [...watchers].filter(({ paths }) => paths.includes(path))
            for (const { changes } of watching) yield* Queue.offer(changes, undefined)
            return watching.length > 0
          })
      })
    )
  })
)
