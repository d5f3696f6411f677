import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AppName } from "../../domain/app/app-name.ts"
import * as AppState from "../../domain/app/app-state.ts"
import type { Revision } from "../../domain/app/release.ts"
import * as SecretSet from "../../domain/app/secret-set.ts"
import type { SecretName } from "../../domain/names.ts"
import type { Contract } from "../contract.ts"
import { ServerState } from "./server-state.ts"

const textOf = (secrets: SecretSet.SecretSet) => Redacted.value(SecretSet.encode(secrets))

const app = "shop/production" as AppName
const other = "shop/staging" as AppName
const at = "2026-01-31T12:00:00.000Z"
const revision = (n: number) => n as Revision
const secretsOf = (n: number): SecretSet.SecretSet =>
  new Map([["DATABASE_URL" as SecretName, Redacted.make(`postgres://${n}`)]])
const recordOf = (n: number): AppState.RevisionRecord => ({
  revision: revision(n),
  names: ["DATABASE_URL" as SecretName],
  proven: true,
  at
})

/** What every ServerState must do, without apps at first. */
export const contract: Contract<ServerState> = [
  {
    name: "has no apps at first",
    run: Effect.gen(function* () {
      const state = yield* ServerState
      Assert.deepEqual(yield* state.apps, [])
      Assert.ok(Option.isNone(yield* state.read(app)))
      Assert.deepEqual(yield* state.audit(app, 10), [])
      yield* state.discard(app, revision(1))
      yield* state.remove(app)
      Assert.equal((yield* Effect.flip(state.secrets(app, revision(1))))._tag, "RevisionUnreadable")
    })
  },

  {
    name: "reads what was written for each app",
    run: Effect.gen(function* () {
      const state = yield* ServerState
      yield* state.write(AppState.create(other))
      const written = { ...AppState.create(app), instances: 3 }
      yield* state.write(AppState.create(app))
      yield* state.write(written)
      Assert.deepEqual(yield* state.apps, [app, other])
      Assert.deepEqual(yield* state.read(app), Option.some(written))
    })
  },

  {
    name: "keeps each revision's secrets until they are discarded",
    run: Effect.gen(function* () {
      const state = yield* ServerState
      yield* state.stage(app, revision(1), secretsOf(1))
      yield* state.stage(app, revision(2), SecretSet.empty)
      yield* state.stage(other, revision(1), secretsOf(3))
      yield* state.stage(app, revision(3), secretsOf(4))
      yield* state.stage(app, revision(3), secretsOf(5))
      const read = (n: number) => Effect.map(state.secrets(app, revision(n)), textOf)
      Assert.equal(yield* read(1), textOf(secretsOf(1)))
      Assert.equal(yield* read(2), "{}")
      Assert.equal(yield* read(3), textOf(secretsOf(5)))
      yield* state.discard(app, revision(1))
      const error = yield* Effect.flip(read(1))
      Assert.deepEqual({ ...error }, { app, _tag: "RevisionUnreadable", reason: "missing", revision: 1 })
      Assert.equal(yield* read(3), textOf(secretsOf(5)))
      // A revision without a state is not an app yet.
      Assert.deepEqual(yield* state.apps, [])
    })
  },

  {
    name: "forgets an app with its secrets, and keeps its trail",
    run: Effect.gen(function* () {
      const state = yield* ServerState
      yield* state.stage(app, revision(1), secretsOf(1))
      yield* state.write(AppState.withRevision(AppState.create(app), recordOf(1)))
      yield* state.record(app, { at, action: "update_secrets", outcome: "done", by: "ann" })
      yield* state.write(AppState.create(other))
      yield* state.remove(app)
      Assert.deepEqual(yield* state.apps, [other])
      Assert.ok(Option.isNone(yield* state.read(app)))
      Assert.equal((yield* Effect.flip(state.secrets(app, revision(1))))._tag, "RevisionUnreadable")
      Assert.equal((yield* state.audit(app, 10)).length, 1)
    })
  },

  {
    name: "returns the latest entries, and who claims to have made them",
    run: Effect.gen(function* () {
      const state = yield* ServerState
      for (let n = 1; n <= 5; n++) {
        yield* state.record(app, { at, action: "scale", outcome: "done", instances: n, by: "ann\n\u001b" })
      }
      yield* state.record(app, { at, action: "stop", outcome: "failed", reason: "no" })
      Assert.deepEqual(yield* state.audit(app, 2), [
        { at, action: "scale", outcome: "done", instances: 5, by: "ann\n\u001b", verified: false },
        { at, action: "stop", outcome: "failed", reason: "no" }
      ])
    })
  }
]
