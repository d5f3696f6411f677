import * as Assert from "node:assert/strict"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { KeyId } from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { Contract } from "../contract.ts"
import type { KeyPins } from "./key-pins.ts"

const production = "production" as EnvironmentName
const staging = "staging" as EnvironmentName
const [a, b, c] = ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"] as [KeyId, KeyId, KeyId]

/** The pins of the project with this identity, on one machine. */
export type PinsOf = (identity: string) => Effect.Effect<Context.Tag.Service<KeyPins>, never, Scope.Scope>

/** What KeyPins must do. Each run of `machine` provides a new machine without pins. */
export const contractOf = (machine: Effect.Effect<PinsOf, never, Scope.Scope>): Contract<never> => [
  {
    name: "know nothing at first",
    run: Effect.gen(function* () {
      const pins = yield* (yield* machine)("/a")
      Assert.deepEqual([...(yield* pins.of(production))], [])
      Assert.deepEqual([...(yield* pins.environmentsPinnedTo(a))], [])
      yield* pins.unpin(production)
    })
  },

  {
    name: "remember the keys from before a rotation, separately from those in use",
    run: Effect.gen(function* () {
      const of = yield* machine
      const pins = yield* of("/a")
      Assert.deepEqual([...(yield* pins.retired(production))], [])
      yield* pins.pin(production, [b])
      yield* pins.retire(production, [a])
      Assert.deepEqual([...(yield* pins.retired(production))], [a])
      Assert.deepEqual([...(yield* pins.of(production))], [b])
      Assert.deepEqual([...(yield* pins.environmentsPinnedTo(a))], [])
      Assert.deepEqual([...(yield* (yield* of("/b")).retired(production))], [])
      yield* pins.retire(production, [])
      Assert.deepEqual([...(yield* pins.retired(production))], [])
    })
  },

  {
    name: "keep one key, several during a rotation, and none after unpin",
    run: Effect.gen(function* () {
      const pins = yield* (yield* machine)("/a")
      for (const ids of [[a], [a, b], [a, b, c], [b]]) {
        yield* pins.pin(production, ids)
        Assert.deepEqual([...(yield* pins.of(production))], ids)
        Assert.deepEqual([...(yield* pins.of(staging))], [])
      }
      yield* pins.pin(production, [b, b])
      Assert.deepEqual([...(yield* pins.of(production))], [b])
      yield* pins.pin(staging, [a])
      yield* pins.unpin(production)
      Assert.deepEqual([...(yield* pins.of(production))], [])
      Assert.deepEqual([...(yield* pins.of(staging))], [a])
    })
  },

  {
    name: "belong to one project each, and name the projects that use a key",
    run: Effect.gen(function* () {
      const pinsOf = yield* machine
      const here = yield* pinsOf("/home/u/app/.git:.")
      const there = yield* pinsOf("/srv/other")
      yield* here.pin(production, [a])
      yield* there.pin(production, [b, a])
      yield* there.pin(staging, [c])
      Assert.deepEqual([...(yield* here.of(production))], [a])
      Assert.deepEqual([...(yield* here.of(staging))], [])
      Assert.deepEqual(
        [...(yield* here.environmentsPinnedTo(a))],
        ["/home/u/app (production)", "/srv/other (production)"]
      )
      Assert.deepEqual([...(yield* here.environmentsPinnedTo(c))], ["/srv/other (staging)"])
    })
  },

  {
    name: "lose nothing when many are made at once",
    run: Effect.gen(function* () {
      const pinsOf = yield* machine
      const projects = Array.from({ length: 8 }, (_, i) => `/project/${i}`)
      yield* Effect.forEach(
        projects,
        (project) => Effect.flatMap(pinsOf(project), (pins) => pins.pin(production, [a])),
        { concurrency: "unbounded" }
      )
      const pins = yield* pinsOf("/")
      Assert.equal((yield* pins.environmentsPinnedTo(a)).length, 8)
    })
  }
]
