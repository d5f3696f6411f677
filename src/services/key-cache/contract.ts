import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Key from "../../domain/key.ts"
import type { Contract } from "../contract.ts"
import { KeyCache } from "./key-cache.ts"

const [first, second, third] = ["0123456789abcdef", "fedcba9876543210", "00000000deadbeef"] as [
  Key.KeyId,
  Key.KeyId,
  Key.KeyId
]
const keyOf = (fill: number): Key.Key => Redacted.make(new Uint8Array(Key.byteLength).fill(fill))

/** A key is 32 bytes of one number here. */
const expectKey = (found: Option.Option<Key.Key>, fill: number) =>
  Assert.deepEqual(
    Option.map(found, (key) => [...Redacted.value(key)]),
    Option.some([...Redacted.value(keyOf(fill))])
  )

/** What every KeyCache must do, empty at first. */
export const contract: Contract<KeyCache> = [
  {
    name: "finds a kept key, any number of times",
    run: Effect.gen(function* () {
      const cache = yield* KeyCache
      Assert.ok(Option.isNone(yield* cache.find(first)))
      yield* cache.keep(first, keyOf(7))
      yield* cache.keep(second, keyOf(8))
      expectKey(yield* cache.find(first), 7)
      expectKey(yield* cache.find(first), 7)
      expectKey(yield* cache.find(second), 8)
      Assert.ok(Option.isNone(yield* cache.find(third)))
    })
  },
  {
    name: "keeps any 32 bytes",
    run: Effect.gen(function* () {
      const cache = yield* KeyCache
      for (const fill of [0, 0x0a, 0xff]) {
        yield* cache.keep(first, keyOf(fill))
        expectKey(yield* cache.find(first), fill)
      }
    })
  },
  {
    name: "copies keys, so that their owner may overwrite them",
    run: Effect.gen(function* () {
      const cache = yield* KeyCache
      // A Buffer is a Uint8Array whose slice() copies nothing.
      const key: Key.Key = Redacted.make(Buffer.alloc(Key.byteLength, 7))
      yield* cache.keep(first, key)
      Key.wipe(key)
      const found = yield* cache.find(first)
      expectKey(found, 7)
      Option.map(found, Key.wipe)
      expectKey(yield* cache.find(first), 7)
    })
  },
  {
    name: "keeps a key again, replaces it, and says where it is",
    run: Effect.gen(function* () {
      const cache = yield* KeyCache
      const location = yield* cache.keep(first, keyOf(7))
      Assert.notEqual(location, "")
      Assert.equal(yield* cache.keep(first, keyOf(7)), location)
      Assert.equal(yield* cache.keep(first, keyOf(9)), location)
      expectKey(yield* cache.find(first), 9)
    })
  },
  {
    name: "forgets one key, and says whether there was one",
    run: Effect.gen(function* () {
      const cache = yield* KeyCache
      Assert.equal(yield* cache.forget(first), false)
      yield* cache.keep(first, keyOf(7))
      yield* cache.keep(second, keyOf(8))
      Assert.equal(yield* cache.forget(first), true)
      Assert.equal(yield* cache.forget(first), false)
      Assert.ok(Option.isNone(yield* cache.find(first)))
      expectKey(yield* cache.find(second), 8)
    })
  }
]
