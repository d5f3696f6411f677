import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { contractOf, reported, type Stage } from "../../../src/services/watch/contract.ts"
import { layer, layerOf } from "../../../src/services/watch/layer.ts"
import { layerMemory, WatchControl } from "../../../src/services/watch/layer-memory.ts"
import { type WatchFolder, watchFolder } from "../../../src/services/watch/notifications.ts"
import { Watch } from "../../../src/services/watch/watch.ts"
import { testContract } from "../../support/contract.ts"
import { eventually } from "../../support/eventually.ts"
import { temporaryFolder } from "../files/folder.ts"

const stageIn = (folder: string): Stage<never> => ({
  path: (name) => Path.join(folder, name),
  touch: (name) => Effect.sync(() => Fs.appendFileSync(Path.join(folder, name), "x"))
})
const realStage: Effect.Effect<Stage<never>, never, Scope.Scope> = Effect.map(temporaryFolder(), stageIn)

const refusing: WatchFolder = () => {
  throw Object.assign(new Error("no more watches"), { code: "ENOSPC" })
}
/** Works at first, then fails with an error, as for a folder on a disk that was removed. */
const failing: WatchFolder = (folder, onEvent) => {
  const watcher = watchFolder(folder, (event, name) => {
    onEvent(event, name)
    watcher.emit("error", Object.assign(new Error("gone"), { code: "EPERM" }))
  })
  return watcher
}

testContract("Watch with the kernel's notifications", contractOf(realStage), layer)
testContract("Watch where these have run out", contractOf(realStage), layerOf(refusing))
testContract("Watch where these fail", contractOf(realStage), layerOf(failing))
testContract(
  "Watch in memory",
  contractOf(
    Effect.succeed({
      path: (name) => `/${name}`,
      touch: (name) => Effect.flatMap(WatchControl, ({ touch }) => touch(`/${name}`))
    })
  ),
  layerMemory
)

describe.each([
  ["with notifications", layer],
  ["without", layerOf(refusing)]
])("Watch %s", (_, layer) => {
  const watching = <A, E>(
    paths: ReadonlyArray<string>,
    play: (at: (name: string) => string, reported: Effect.Effect<void, Error>) => Effect.Effect<A, E>,
    prepare: (at: (name: string) => string) => void = () => {}
  ) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder()
      const at = (name: string) => Path.join(folder, name)
      prepare(at)
      const watched = yield* (yield* Watch).open(paths.map(at))
      return yield* play(at, reported(watched))
    }).pipe(Effect.provide(layer))

  it.scopedLive("sees a file replaced again and again, by rename, as editors and git do", () =>
    watching(
      ["file"],
      (at, reported) =>
        Effect.gen(function* () {
          for (let count = 0; count < 3; count++) {
            Fs.writeFileSync(at("new"), "same length")
            Fs.renameSync(at("new"), at("file"))
            yield* reported
          }
        }),
      (at) => Fs.writeFileSync(at("file"), "same length")
    )
  )

  it.scopedLive("sees a file come and go, with its folders", () =>
    watching(["one/two/file"], (at, reported) =>
      Effect.gen(function* () {
        Fs.mkdirSync(at("one/two"), { recursive: true })
        Fs.writeFileSync(at("one/two/file"), "")
        yield* reported
        Fs.rmSync(at("one"), { recursive: true })
        yield* reported
        Fs.mkdirSync(at("one/two"), { recursive: true })
        Fs.writeFileSync(at("one/two/file"), "")
        yield* reported
        Fs.renameSync(at("one"), at("other"))
        yield* reported
      })
    )
  )

  it.scopedLive("sees the entries of a folder, and a link that leads elsewhere", () =>
    watching(
      ["folder", "link"],
      (at, reported) =>
        Effect.gen(function* () {
          Fs.writeFileSync(at("folder/entry"), "")
          yield* reported
          Fs.appendFileSync(at("far/target"), "more")
          yield* reported
        }),
      (at) => {
        Fs.mkdirSync(at("folder"))
        Fs.mkdirSync(at("far"))
        Fs.writeFileSync(at("far/target"), "")
        Fs.symlinkSync(at("far/target"), at("link"))
      }
    )
  )
})

describe("Watch", () => {
  it.scopedLive("releases everything when its scope closes", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder()
      const open: Array<Fs.FSWatcher> = []
      const noting: WatchFolder = (path, onEvent) => {
        const watcher = watchFolder(path, onEvent)
        open.push(watcher)
        watcher.once("close", () => open.splice(open.indexOf(watcher), 1))
        return watcher
      }
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* (yield* Watch).open([Path.join(folder, "a"), Path.join(folder, "b")])
          assert.lengthOf(open, 1)
        })
      ).pipe(Effect.provide(layerOf(noting)))
      yield* Effect.promise(() => eventually("the end of the watcher", () => open.length === 0))
    })
  )
})
