import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { KeyId } from "../../../src/domain/key.ts"
import type { EnvironmentName } from "../../../src/domain/names.ts"
import * as Pins from "../../../src/domain/pins.ts"
import { KeyCache } from "../../../src/services/key-cache/key-cache.ts"
import * as KeyCacheLayer from "../../../src/services/key-cache/layer.ts"
import { KeyPins } from "../../../src/services/key-pins/key-pins.ts"
import * as KeyPinsLayer from "../../../src/services/key-pins/layer.ts"
import * as Project from "../../../src/services/project/layer-memory.ts"
import { homeIn } from "./home.ts"

// Stores a key and a pin, and reads both back, under a umask: `fixture <TAKO_HOME> <umask in octal>`.

const [home = "", umask = ""] = process.argv.slice(2)
process.umask(Number.parseInt(umask, 8))

const production = "production" as EnvironmentName
const id = "fedcba9876543210" as KeyId

const keepAndFind = Effect.gen(function* () {
  const cache = yield* KeyCache
  yield* cache.keep(id, Redacted.make(new Uint8Array(32).fill(7)))
  const found = Option.getOrThrow(yield* cache.find(id))
  const pins = yield* KeyPins
  yield* pins.pin(production, [Pins.bound(id)])
  if (Redacted.value(found)[31] !== 7 || (yield* pins.of(production))[0]?.id !== id) process.exitCode = 1
}).pipe(
  Effect.provide(
    Layer.mergeAll(KeyCacheLayer.layer, KeyPinsLayer.layer).pipe(
      Layer.provide([homeIn(home), Project.layerMemory()])
    )
  )
)

Effect.runPromise(keepAndFind).catch((error) => {
  process.stderr.write(`${error}\n`)
  process.exitCode = 1
})
