import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as AppState from "../../../src/domain/app/app-state.ts"
import * as SecretSet from "../../../src/domain/app/secret-set.ts"
import { ServerState } from "../../../src/services/server-state/server-state.ts"
import { app, at, other, recordOf, revision, secretsOf } from "./values.ts"

const textOf = (secrets: SecretSet.SecretSet) => Redacted.value(SecretSet.encode(secrets))

/** What every ServerState does; each test has a new and empty one. */
export const contract = (
  title: string,
  fresh: <A, E>(test: Effect.Effect<A, E, ServerState>) => Effect.Effect<A, unknown, Scope.Scope>
) =>
  describe(title, () => {
    const test = <A, E>(name: string, run: Effect.Effect<A, E, ServerState>) =>
      it.scopedLive(name, () => fresh(run))

    test(
      "knows nothing at first",
      Effect.gen(function* () {
        const state = yield* ServerState
        assert.deepStrictEqual(yield* state.apps, [])
        assert.isTrue(Option.isNone(yield* state.read(app)))
        assert.deepStrictEqual(yield* state.audit(app, 10), [])
        yield* state.discard(app, revision(1))
        yield* state.remove(app)
        assert.strictEqual((yield* Effect.flip(state.secrets(app, revision(1))))._tag, "RevisionUnreadable")
      })
    )

    test(
      "reads what was written, of each app its own",
      Effect.gen(function* () {
        const state = yield* ServerState
        yield* state.write(AppState.create(other))
        const written = { ...AppState.create(app), instances: 3 }
        yield* state.write(AppState.create(app))
        yield* state.write(written)
        assert.deepStrictEqual(yield* state.apps, [app, other])
        assert.deepStrictEqual(yield* state.read(app), Option.some(written))
      })
    )

    test(
      "keeps each revision's secrets until they are discarded",
      Effect.gen(function* () {
        const state = yield* ServerState
        yield* state.stage(app, revision(1), secretsOf(1))
        yield* state.stage(app, revision(2), SecretSet.empty)
        yield* state.stage(other, revision(1), secretsOf(3))
        yield* state.stage(app, revision(3), secretsOf(4))
        yield* state.stage(app, revision(3), secretsOf(5))
        const read = (n: number) => Effect.map(state.secrets(app, revision(n)), textOf)
        assert.strictEqual(yield* read(1), textOf(secretsOf(1)))
        assert.strictEqual(yield* read(2), "{}")
        assert.strictEqual(yield* read(3), textOf(secretsOf(5)))
        yield* state.discard(app, revision(1))
        const error = yield* Effect.flip(read(1))
        assert.deepInclude(error, { _tag: "RevisionUnreadable", reason: "missing", revision: 1 })
        assert.strictEqual(yield* read(3), textOf(secretsOf(5)))
        // A revision without a state is not an app yet.
        assert.deepStrictEqual(yield* state.apps, [])
      })
    )

    test(
      "forgets an app with its secrets, and keeps its trail",
      Effect.gen(function* () {
        const state = yield* ServerState
        yield* state.stage(app, revision(1), secretsOf(1))
        yield* state.write(AppState.withRevision(AppState.create(app), recordOf(1)))
        yield* state.record(app, { at, action: "update_secrets", outcome: "done", by: "ann" })
        yield* state.write(AppState.create(other))
        yield* state.remove(app)
        assert.deepStrictEqual(yield* state.apps, [other])
        assert.isTrue(Option.isNone(yield* state.read(app)))
        assert.strictEqual((yield* Effect.flip(state.secrets(app, revision(1))))._tag, "RevisionUnreadable")
        assert.strictEqual((yield* state.audit(app, 10)).length, 1)
      })
    )

    test(
      "tells the latest of what was recorded, and who claims it",
      Effect.gen(function* () {
        const state = yield* ServerState
        for (let n = 1; n <= 5; n++) {
          yield* state.record(app, { at, action: "scale", outcome: "done", instances: n, by: "ann\n\u001b" })
        }
        yield* state.record(app, { at, action: "stop", outcome: "failed", reason: "no" })
        assert.deepStrictEqual(yield* state.audit(app, 2), [
          { at, action: "scale", outcome: "done", instances: 5, by: "ann\n\u001b", verified: false },
          { at, action: "stop", outcome: "failed", reason: "no" }
        ])
      })
    )
  })
