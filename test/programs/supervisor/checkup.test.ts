import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { checkup } from "../../../src/programs/supervisor/checkup.ts"
import { type Answer, Health, type Listeners } from "../../../src/services/health/health.ts"

type Users = ReadonlyArray<number> | Extract<Listeners, string>

/** Answers one after the other, and tells how often it was asked with the token. */
const answering = (answers: ReadonlyArray<Answer>, users: Users = "unknown") => {
  const left = [...answers]
  const asked = { token: 0 }
  const next = Effect.sync(() => left.shift() ?? "silent")
  const layer = Layer.succeed(Health, {
    check: () => Effect.tap(next, () => Effect.sync(() => asked.token++)),
    accepts: () =>
      Effect.map(next, (answer) =>
        answer === "unchecked" ? answer : answer !== "refused" && answer !== "silent"
      ),
    listeners: () => Effect.succeed(typeof users === "string" ? users : new Set(users)),
    freePort: Effect.succeed(1)
  })
  return { asked, layer }
}

const findings = (answers: ReadonlyArray<Answer>, users?: Users, listensAs?: number) => {
  const { asked, layer } = answering(answers, users)
  return Effect.gen(function* () {
    const examine = yield* checkup(Redacted.make("token"), listensAs)
    const found = yield* Effect.forEach(answers, () => examine(3000))
    return { found, asked: asked.token }
  }).pipe(Effect.provide(layer))
}

describe("a checkup", () => {
  it.effect("of an app that knows the question wants an echo each time", () =>
    Effect.gen(function* () {
      const { found } = yield* findings(["refused", "failing", "healthy", "other", "failing", "healthy"])
      assert.deepStrictEqual(found, [
        "unhealthy",
        "unhealthy",
        "healthy",
        "unhealthy",
        "unhealthy",
        "healthy"
      ])
    })
  )

  it.effect("of an app that does not is content when its port accepts", () =>
    Effect.gen(function* () {
      const { found, asked } = yield* findings(["refused", "other", "failing", "refused", "other"])
      assert.deepStrictEqual(found, ["unhealthy", "healthy", "healthy", "unhealthy", "healthy"])
      assert.strictEqual(asked, 2)
    })
  )

  it.effect("tells the token to nobody but the app's own user", () =>
    Effect.gen(function* () {
      const foreign = yield* findings(["healthy"], [4242], 1000)
      assert.deepStrictEqual(foreign, { found: ["foreign"], asked: 0 })
      const mixed = yield* findings(["healthy"], [1000, 4242], 1000)
      assert.deepStrictEqual(mixed, { found: ["foreign"], asked: 0 })
      const nobody = yield* findings(["healthy"], [], 1000)
      assert.deepStrictEqual(nobody, { found: ["unhealthy"], asked: 0 })
      const own = yield* findings(["healthy"], [1000], 1000)
      assert.deepStrictEqual(own, { found: ["healthy"], asked: 1 })
    })
  )

  it.effect("looks each time whose the port is: one that was let go of is anybody's", () =>
    Effect.gen(function* () {
      let users = new Set([1000])
      let asked = 0
      const health = Layer.succeed(Health, {
        check: () => Effect.sync(() => (asked++ === 0 ? "other" : "healthy")),
        accepts: () => Effect.succeed(true),
        listeners: () => Effect.sync(() => users),
        freePort: Effect.succeed(1)
      })
      const examine = yield* Effect.provide(checkup(Redacted.make("token"), 1000), health)
      assert.strictEqual(yield* examine(3000), "healthy")
      users = new Set([4242])
      assert.strictEqual(yield* examine(3000), "foreign")
      users = new Set([1000])
      assert.strictEqual(yield* examine(3000), "healthy")
      assert.strictEqual(asked, 1)
    })
  )

  it.effect("blames nobody for what could not be asked", () =>
    Effect.gen(function* () {
      const knowing = yield* findings(["unchecked", "healthy", "unchecked", "healthy"])
      assert.deepStrictEqual(knowing.found, ["unchecked", "healthy", "unchecked", "healthy"])
      const other = yield* findings(["other", "unchecked", "other"])
      assert.deepStrictEqual(other.found, ["healthy", "unchecked", "healthy"])
      const unlooked = yield* findings(["healthy"], "unchecked", 1000)
      assert.deepStrictEqual(unlooked, { found: ["unchecked"], asked: 0 })
    })
  )
})
