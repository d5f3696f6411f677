import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type { KeyId } from "../../../src/domain/key.ts"
import type { EnvironmentName } from "../../../src/domain/names.ts"
import * as Pins from "../../../src/domain/pins.ts"
import { contractOf, type PinsOf } from "../../../src/services/key-pins/contract.ts"
import { KeyPins } from "../../../src/services/key-pins/key-pins.ts"
import { layer } from "../../../src/services/key-pins/layer.ts"
import { layerMemoryOf } from "../../../src/services/key-pins/layer-memory.ts"
import * as Project from "../../../src/services/project/layer-memory.ts"
import { testContract } from "../../support/contract.ts"
import { temporaryFolder } from "../files/folder.ts"
import { homeIn } from "../key-cache/home.ts"

const production = "production" as EnvironmentName
const staging = "staging" as EnvironmentName
const a = "aaaaaaaaaaaaaaaa" as KeyId
const b = "bbbbbbbbbbbbbbbb" as KeyId

const build = <E>(pins: Layer.Layer<KeyPins, E>) =>
  Effect.map(Layer.build(pins), (context) => Context.get(context, KeyPins)).pipe(Effect.orDie)

const machineIn =
  (home: string): PinsOf =>
  (identity) =>
    build(Layer.provide(layer, [homeIn(home), Project.layerMemory({ identity })]))

testContract("KeyPins", contractOf(Effect.map(temporaryFolder(), machineIn)), Layer.empty)
testContract(
  "KeyPins in memory",
  contractOf(
    Effect.map(
      Ref.make(Pins.empty),
      (machine): PinsOf =>
        (identity) =>
          build(Layer.provide(layerMemoryOf(machine), Project.layerMemory({ identity })))
    )
  ),
  Layer.empty
)

describe("pins.json", () => {
  const inFolder = <A, E>(test: (pins: Context.Tag.Service<KeyPins>, path: string) => Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      const home = yield* temporaryFolder()
      const pins = yield* machineIn(home)("/a")
      yield* pins.pin(production, [Pins.bound(a)])
      return yield* test(pins, Path.join(home, "pins.json"))
    })

  it.scopedLive("is private, and not touched when nothing changes", () =>
    inFolder((pins, path) =>
      Effect.gen(function* () {
        const { ino, mode } = Fs.statSync(path)
        assert.strictEqual(mode & 0o7777, 0o600)
        yield* pins.pin(production, [Pins.bound(a)])
        yield* pins.unpin(staging)
        assert.strictEqual(Fs.statSync(path).ino, ino)
        assert.strictEqual(Fs.readFileSync(path, "utf8"), `{\n  "/a": {\n    "production": "${a}"\n  }\n}\n`)
      })
    )
  )

  const meddlings: ReadonlyArray<readonly [string, string, (path: string) => void]> = [
    ["can be read by others", "can be read or changed by others", (path) => Fs.chmodSync(path, 0o644)],
    ["is cut off", "does not contain what tako writes there", (path) => Fs.truncateSync(path, 10)],
    [
      "holds something else",
      "does not contain what tako writes there",
      (path) => Fs.writeFileSync(path, '{"/a":{"production":1}}')
    ],
    [
      "holds an agreement to nothing",
      "does not contain what tako writes there",
      (path) => Fs.writeFileSync(path, `{"/a":{"production":{"id":"${a}","unbound":false}}}`)
    ],
    [
      "is a link",
      "is a symbolic link",
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
        const uses = [
          pins.of(production),
          pins.pin(staging, [Pins.bound(b)]),
          pins.unpin(production),
          pins.environmentsPinnedTo(a)
        ]
        for (const use of uses) {
          const error = yield* Effect.flip(
            use as Effect.Effect<unknown, Effect.Effect.Error<(typeof uses)[0]>>
          )
          assert.deepInclude(error, { _tag: "KeyCacheUnavailable", reason: "unsafe", location: path })
          assert.include(error.message, `${path} ${problem}; no key was read from it.`)
        }
        assert.strictEqual(Fs.readFileSync(path, "utf8"), before)
      })
    )
  )
})
