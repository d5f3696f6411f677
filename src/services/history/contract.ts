import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Contract } from "../contract.ts"
import { History } from "./history.ts"

const absent = `/${"C".repeat(47)}`

/** A history in which Ada added two texts to a file, one commit after the other. */
export interface Example {
  /** The file, relative to the project's folder. */
  readonly path: string
  readonly first: string
  readonly second: string
  /** The author's date of both commits, in ISO 8601. */
  readonly date: string
  /** A file that git ignores. */
  readonly ignored: string
}

/** What every History must know of the example, whose commits are called "Add the first" and "Add the second". */
export const contractOf = ({ path, first, second, date, ignored }: Example): Contract<History> => [
  {
    name: "finds the commit that added a text",
    run: Effect.gen(function* () {
      const { commitThatAdded } = yield* History
      const { hash, ...rest } = Option.getOrThrow(yield* commitThatAdded(path, first))
      Assert.match(hash, /^[0-9a-f]{40}$/)
      Assert.deepEqual(rest, { author: "Ada", date, subject: "Add the first" })
      Assert.equal(Option.getOrThrow(yield* commitThatAdded(path, second)).subject, "Add the second")
      Assert.ok(Option.isNone(yield* commitThatAdded(path, absent)))
      Assert.ok(Option.isNone(yield* commitThatAdded("other.json", first)))
    })
  },

  {
    name: "finds the versions that changed a line with a text, newest first",
    run: Effect.gen(function* () {
      const { versionsWith } = yield* History
      const { found, missing } = yield* versionsWith(path, first.slice(0, 8))
      Assert.ok(Option.isNone(missing))
      Assert.deepEqual(
        found.map(({ commit }) => commit.subject),
        ["Add the second", "Add the first"]
      )
      Assert.deepEqual(
        found.map(({ content }) => Buffer.from(content).includes(second)),
        [true, false]
      )
      Assert.deepEqual(yield* versionsWith(path, absent), { found: [], missing: Option.none() })
      Assert.deepEqual((yield* versionsWith("other.json", first.slice(0, 8))).found, [])
    })
  },

  {
    name: "knows what git ignores",
    run: Effect.gen(function* () {
      const { isIgnored } = yield* History
      Assert.ok(yield* isIgnored(ignored))
      Assert.equal(yield* isIgnored(path), false)
    })
  }
]
