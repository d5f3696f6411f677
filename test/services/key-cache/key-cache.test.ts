import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Key from "../../../src/domain/key.ts"
import * as Salt from "../../../src/domain/salt.ts"
import { KeyCache } from "../../../src/services/key-cache/key-cache.ts"
import { layerMemory } from "../../../src/services/key-cache/layer-memory.ts"
import { type Expected, readJson } from "../../support/vectors.ts"
import { temporaryFolder } from "../files/folder.ts"
import { provideIn } from "./home.ts"

const saltOf = (fill: number) => Salt.fromBytes(new Uint8Array(16).fill(fill))
const keyOf = (fill: number) => Redacted.make(new Uint8Array(32).fill(fill))
const firstByte = Option.map((key: Key.Key) => Redacted.value(key)[0])

const contract = (
  title: string,
  fresh: <A, E>(test: Effect.Effect<A, E, KeyCache>) => Effect.Effect<A, E, Scope.Scope>
) =>
  describe(title, () => {
    it.scopedLive("finds what was kept, as often as it is asked", () =>
      fresh(
        Effect.gen(function* () {
          const cache = yield* KeyCache
          assert.isTrue(Option.isNone(yield* cache.find(saltOf(1))))
          const path = yield* cache.keep(saltOf(1), keyOf(7))
          assert.include(path, cache.idOf(saltOf(1)))
          yield* cache.keep(saltOf(2), keyOf(8))
          assert.deepStrictEqual(firstByte(yield* cache.find(saltOf(1))), Option.some(7))
          assert.deepStrictEqual(firstByte(yield* cache.find(saltOf(1))), Option.some(7))
          assert.deepStrictEqual(firstByte(yield* cache.find(saltOf(2))), Option.some(8))
          assert.isTrue(Option.isNone(yield* cache.find(saltOf(3))))
        })
      )
    )

    it.scopedLive("gives keys that their owner may overwrite", () =>
      fresh(
        Effect.gen(function* () {
          const cache = yield* KeyCache
          const key = keyOf(7)
          yield* cache.keep(saltOf(1), key)
          Key.wipe(key)
          const found = Option.getOrThrow(yield* cache.find(saltOf(1)))
          assert.strictEqual(Redacted.value(found).length, 32)
          Key.wipe(found)
          assert.deepStrictEqual(firstByte(yield* cache.find(saltOf(1))), Option.some(7))
        })
      )
    )

    it.scopedLive("keeps a key again, and another one in its place", () =>
      fresh(
        Effect.gen(function* () {
          const cache = yield* KeyCache
          const path = yield* cache.keep(saltOf(1), keyOf(7))
          assert.strictEqual(yield* cache.keep(saltOf(1), keyOf(7)), path)
          assert.strictEqual(yield* cache.keep(saltOf(1), keyOf(9)), path)
          assert.deepStrictEqual(firstByte(yield* cache.find(saltOf(1))), Option.some(9))
        })
      )
    )

    it.scopedLive("forgets one key, and says whether there was one", () =>
      fresh(
        Effect.gen(function* () {
          const cache = yield* KeyCache
          assert.isFalse(yield* cache.forget(saltOf(1)))
          yield* cache.keep(saltOf(1), keyOf(7))
          yield* cache.keep(saltOf(2), keyOf(8))
          assert.isTrue(yield* cache.forget(saltOf(1)))
          assert.isFalse(yield* cache.forget(saltOf(1)))
          assert.isTrue(Option.isNone(yield* cache.find(saltOf(1))))
          assert.isTrue(Option.isSome(yield* cache.find(saltOf(2))))
        })
      )
    )

    for (const file of ["plain", "bound"]) {
      it.scopedLive(`names keys as other programs do (${file})`, () =>
        fresh(
          Effect.map(KeyCache, ({ idOf }) => {
            for (const { salt, cacheFile } of Object.values(
              readJson<Expected>(`${file}.expected.json`).environments
            )) {
              assert.strictEqual(idOf(Option.getOrThrow(Salt.fromText(salt))), cacheFile)
            }
          })
        )
      )
    }
  })

contract("KeyCache", (test) => Effect.flatMap(temporaryFolder(), (home) => provideIn(home)(test)))
contract("KeyCache in memory", Effect.provide(layerMemory))
