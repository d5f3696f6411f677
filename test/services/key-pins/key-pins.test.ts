import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import type { KeyId } from "../../../src/domain/key.ts"
import type { EnvironmentName } from "../../../src/domain/names.ts"
import * as Pins from "../../../src/domain/pins.ts"
import { KeyPins } from "../../../src/services/key-pins/key-pins.ts"
import { layer } from "../../../src/services/key-pins/layer.ts"
import { layerMemoryOf } from "../../../src/services/key-pins/layer-memory.ts"
import * as Project from "../../../src/services/project/layer-memory.ts"
import { temporaryFolder } from "../files/folder.ts"
import { homeIn } from "../key-cache/home.ts"

const production = "production" as EnvironmentName
const staging = "staging" as EnvironmentName
const a = "aaaaaaaaaaaaaaaa" as KeyId
const b = "bbbbbbbbbbbbbbbb" as KeyId
const c = "cccccccccccccccc" as KeyId

/** The pins of a project on a machine. */
type PinsOf = (identity: string) => Effect.Effect<Context.Tag.Service<KeyPins>, never, Scope.Scope>

const build = <E>(pins: Layer.Layer<KeyPins, E>) =>
  Effect.map(Layer.build(pins), (context) => Context.get(context, KeyPins)).pipe(Effect.orDie)

const machineIn =
  (home: string): PinsOf =>
  (identity) =>
    build(Layer.provide(layer, [homeIn(home), Project.layerMemory({ identity })]))

const contract = (title: string, machine: Effect.Effect<PinsOf, never, Scope.Scope>) =>
  describe(title, () => {
    it.scopedLive("know nothing at first", () =>
      Effect.gen(function* () {
        const pins = yield* (yield* machine)("/a")
        assert.deepStrictEqual([...(yield* pins.of(production))], [])
        assert.deepStrictEqual([...(yield* pins.originsOf(a))], [])
        yield* pins.unpin(production)
      })
    )

    it.scopedLive("remember the keys of before a rotation, apart from those that open anything", () =>
      Effect.gen(function* () {
        const of = yield* machine
        const pins = yield* of("/a")
        assert.deepStrictEqual([...(yield* pins.retired(production))], [])
        yield* pins.pin(production, [b])
        yield* pins.retire(production, [a])
        assert.deepStrictEqual([...(yield* pins.retired(production))], [a])
        assert.deepStrictEqual([...(yield* pins.of(production))], [b])
        assert.deepStrictEqual([...(yield* pins.originsOf(a))], [])
        assert.deepStrictEqual([...(yield* (yield* of("/b")).retired(production))], [])
        yield* pins.retire(production, [])
        assert.deepStrictEqual([...(yield* pins.retired(production))], [])
      })
    )

    it.scopedLive("keep one key, several during a rotation, and none after unpin", () =>
      Effect.gen(function* () {
        const pins = yield* (yield* machine)("/a")
        for (const ids of [[a], [a, b], [a, b, c], [b]]) {
          yield* pins.pin(production, ids)
          assert.deepStrictEqual([...(yield* pins.of(production))], ids)
          assert.deepStrictEqual([...(yield* pins.of(staging))], [])
        }
        yield* pins.pin(production, [b, b])
        assert.deepStrictEqual([...(yield* pins.of(production))], [b])
        yield* pins.pin(staging, [a])
        yield* pins.unpin(production)
        assert.deepStrictEqual([...(yield* pins.of(production))], [])
        assert.deepStrictEqual([...(yield* pins.of(staging))], [a])
      })
    )

    it.scopedLive("are each project's own, and tell where a key is known from", () =>
      Effect.gen(function* () {
        const pinsOf = yield* machine
        const here = yield* pinsOf("/home/u/app/.git:.")
        const there = yield* pinsOf("/srv/other")
        yield* here.pin(production, [a])
        yield* there.pin(production, [b, a])
        yield* there.pin(staging, [c])
        assert.deepStrictEqual([...(yield* here.of(production))], [a])
        assert.deepStrictEqual([...(yield* here.of(staging))], [])
        assert.deepStrictEqual(
          [...(yield* here.originsOf(a))],
          ["/home/u/app (production)", "/srv/other (production)"]
        )
        assert.deepStrictEqual([...(yield* here.originsOf(c))], ["/srv/other (staging)"])
      })
    )

    it.scopedLive("lose nothing when many are made at once", () =>
      Effect.gen(function* () {
        const pinsOf = yield* machine
        const projects = Array.from({ length: 8 }, (_, i) => `/project/${i}`)
        yield* Effect.forEach(
          projects,
          (project) => Effect.flatMap(pinsOf(project), (pins) => pins.pin(production, [a])),
          { concurrency: "unbounded" }
        )
        const pins = yield* pinsOf("/")
        assert.strictEqual((yield* pins.originsOf(a)).length, 8)
      })
    )
  })

contract("KeyPins", Effect.map(temporaryFolder(), machineIn))
contract(
  "KeyPins in memory",
  Effect.map(
    Ref.make(Pins.empty),
    (machine): PinsOf =>
      (identity) =>
        build(Layer.provide(layerMemoryOf(machine), Project.layerMemory({ identity })))
  )
)

describe("pins.json", () => {
  const inFolder = <A, E>(test: (pins: Context.Tag.Service<KeyPins>, path: string) => Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      const home = yield* temporaryFolder()
      const pins = yield* machineIn(home)("/a")
      yield* pins.pin(production, [a])
      return yield* test(pins, Path.join(home, "pins.json"))
    })

  it.scopedLive("is ours alone, and not touched when nothing changes", () =>
    inFolder((pins, path) =>
      Effect.gen(function* () {
        const { ino, mode } = Fs.statSync(path)
        assert.strictEqual(mode & 0o7777, 0o600)
        yield* pins.pin(production, [a])
        yield* pins.unpin(staging)
        assert.strictEqual(Fs.statSync(path).ino, ino)
        assert.strictEqual(Fs.readFileSync(path, "utf8"), `{\n  "/a": {\n    "production": "${a}"\n  }\n}\n`)
      })
    )
  )

  const meddlings: ReadonlyArray<readonly [string, string, (path: string) => void]> = [
    ["can be read by others", "permissions", (path) => Fs.chmodSync(path, 0o644)],
    ["is cut off", "content", (path) => Fs.truncateSync(path, 10)],
    ["holds something else", "content", (path) => Fs.writeFileSync(path, '{"/a":{"production":1}}')],
    [
      "is a link",
      "symlink",
      (path) => {
        Fs.renameSync(path, `${path}-moved`)
        Fs.symlinkSync(`${path}-moved`, path)
      }
    ]
  ]
  it.scopedLive.each(meddlings)("is neither read nor written when it %s", ([_, problem, meddle]) =>
    inFolder((pins, path) =>
      Effect.gen(function* () {
        meddle(path)
        const before = Fs.readFileSync(path, "utf8")
        const uses = [pins.of(production), pins.pin(staging, [b]), pins.unpin(production), pins.originsOf(a)]
        for (const use of uses) {
          const error = yield* Effect.flip(
            use as Effect.Effect<unknown, Effect.Effect.Error<(typeof uses)[0]>>
          )
          assert.deepInclude(error, { _tag: "KeyCacheUnsafe", path })
          assert.strictEqual("problem" in error ? error.problem : "", problem)
        }
        assert.strictEqual(Fs.readFileSync(path, "utf8"), before)
      })
    )
  )
})
