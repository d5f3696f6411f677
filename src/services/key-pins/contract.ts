import * as Assert from "node:assert/strict"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { KeyId } from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import * as Pins from "../../domain/pins.ts"
import type { Contract } from "../contract.ts"
import type { KeyPins } from "./key-pins.ts"

const production = "production" as EnvironmentName
const staging = "staging" as EnvironmentName
const [a, b, c] = ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"] as [KeyId, KeyId, KeyId]
const [boundA, boundB, boundC] = [Pins.bound(a), Pins.bound(b), Pins.bound(c)]

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
      yield* pins.pin(production, [boundB])
      yield* pins.retire(production, [a])
      Assert.deepEqual([...(yield* pins.retired(production))], [a])
      Assert.deepEqual([...(yield* pins.of(production))], [boundB])
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
      for (const pinned of [[boundA], [boundA, boundB], [boundA, boundB, boundC], [boundB]]) {
        yield* pins.pin(production, pinned)
        Assert.deepEqual([...(yield* pins.of(production))], pinned)
        Assert.deepEqual([...(yield* pins.of(staging))], [])
      }
      yield* pins.pin(production, [boundB, boundB])
      Assert.deepEqual([...(yield* pins.of(production))], [boundB])
      yield* pins.pin(staging, [boundA])
      yield* pins.unpin(production)
      Assert.deepEqual([...(yield* pins.of(production))], [])
      Assert.deepEqual([...(yield* pins.of(staging))], [boundA])
    })
  },

  {
    name: "remember that somebody agreed to an environment that does not bind its values, until it is pinned anew",
    run: Effect.gen(function* () {
      const pins = yield* (yield* machine)("/a")
      const agreed = { id: a, unbound: true }
      yield* pins.pin(production, [agreed])
      Assert.deepEqual([...(yield* pins.of(production))], [agreed])
      Assert.deepEqual([...(yield* pins.environmentsPinnedTo(a))], ["/a (production)"])
      yield* pins.pin(production, [agreed, boundB])
      Assert.deepEqual([...(yield* pins.of(production))], [agreed, boundB])
      yield* pins.pin(production, [agreed, boundA])
      Assert.deepEqual([...(yield* pins.of(production))], [boundA])
    })
  },

  {
    name: "belong to one project each, and name the projects that use a key",
    run: Effect.gen(function* () {
      const pinsOf = yield* machine
      const here = yield* pinsOf("/home/u/app/.git:.")
      const there = yield* pinsOf("/srv/other")
      yield* here.pin(production, [boundA])
      yield* there.pin(production, [boundB, boundA])
      yield* there.pin(staging, [boundC])
      Assert.deepEqual([...(yield* here.of(production))], [boundA])
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
        (project) => Effect.flatMap(pinsOf(project), (pins) => pins.pin(production, [boundA])),
        { concurrency: "unbounded" }
      )
      const pins = yield* pinsOf("/")
      Assert.equal((yield* pins.environmentsPinnedTo(a)).length, 8)
    })
  }
]
