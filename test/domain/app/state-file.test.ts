import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { AppName } from "../../../src/domain/app/app-name.ts"
import * as AppState from "../../../src/domain/app/app-state.ts"
import type { Revision } from "../../../src/domain/app/release.ts"
import * as StateFile from "../../../src/domain/app/state-file.ts"
import type { StateDamaged } from "../../../src/domain/errors/server.ts"
import { recordOf, releaseOf } from "../../services/server-state/values.ts"

const app = AppName("shop/production")
const bytes = (text: string) => new TextEncoder().encode(text)
const full = AppState.withRelease(
  AppState.withRevision(AppState.create(app), recordOf(1)),
  releaseOf(1, 1 as Revision)
)

const reasonOf = (text: string, steps?: ReadonlyArray<StateFile.Migration>): StateDamaged["reason"] =>
  Either.getOrThrow(Either.flip(StateFile.parse(app, bytes(text), steps))).reason

describe("state.json", () => {
  it("is read back as it was written", () => {
    for (const state of [AppState.create(app), full]) {
      const text = StateFile.print(state)
      assert.match(text, /^\{\n {2}"version": 1,\n/)
      assert.deepStrictEqual(Either.getOrThrow(StateFile.parse(app, bytes(text))), state)
    }
  })

  it("of an older version is migrated step by step", () => {
    const steps: ReadonlyArray<StateFile.Migration> = [
      ({ count, ...rest }) => ({ ...rest, instances: count }),
      (older) => ({ ...older, desired: "stopped" })
    ]
    const { instances, desired, ...rest } = JSON.parse(StateFile.print(full))
    const versions = [
      { ...rest, version: 1, count: 7 },
      { ...rest, version: 2, instances: 7 },
      { ...rest, version: 3, instances: 7, desired: "stopped" }
    ]
    for (const older of versions) {
      const state = Either.getOrThrow(StateFile.parse(app, bytes(JSON.stringify(older)), steps))
      assert.deepStrictEqual(state, { ...full, instances: 7, desired: "stopped" })
    }
    assert.strictEqual(reasonOf(JSON.stringify({ ...rest, version: 4 }), steps), "newer")
  })

  const changed = (change: object) => JSON.stringify({ ...JSON.parse(StateFile.print(full)), ...change })
  it.each([
    ["empty", "", "content"],
    ["cut off", StateFile.print(full).slice(0, -20), "content"],
    ["without a version", changed({ version: undefined }), "content"],
    ["of a newer server", changed({ version: 2, anything: 1 }), "newer"],
    ["another app's", changed({ app: "shop/staging" }), "other-app"],
    ["one with a member that is not ours", changed({ more: 1 }), "content"],
    ["one that refers to a revision that it does not have", changed({ current: 9 }), "content"],
    ["one that refers to a release that it does not have", changed({ release: 9 }), "content"],
    ["one whose counter is behind", changed({ last_revision: 0 }), "content"]
  ])("that is %s is refused", (_, text, reason) => {
    assert.strictEqual(reasonOf(text), reason)
  })
})

describe("the state of an app", () => {
  it("keeps the revisions that are referred to, and no others", () => {
    let state = AppState.create(app)
    for (let n = 1; n <= 3; n++) state = AppState.withRevision(state, recordOf(n))
    assert.deepStrictEqual(
      state.revisions.map(({ revision }) => Number(revision)),
      [3]
    )
    state = AppState.withRelease(state, releaseOf(1, 3 as Revision))
    state = AppState.withRevision(state, recordOf(4))
    assert.deepStrictEqual([...AppState.usedRevisions(state)].map(Number), [4, 3])
    assert.strictEqual(Number(AppState.nextRevision(state)), 5)
    assert.strictEqual(AppState.rolledBack(state, releaseOf(1, 3 as Revision)).current, 3)
  })

  it("keeps exactly the releases that can be rolled back to", () => {
    let state = AppState.create(app)
    for (let id = 1; id <= 7; id++) state = AppState.withRelease(state, releaseOf(id, null))
    assert.deepStrictEqual(
      state.releases.map(({ id }) => id),
      [3, 4, 5, 6, 7]
    )
    assert.strictEqual(AppState.nextRelease(state), 8)
    assert.strictEqual(AppState.currentRelease(state)?.id, 7)
  })
})
