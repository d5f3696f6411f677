import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { first } from "../../../src/domain/app/release.ts"
import type { KeyId } from "../../../src/domain/key.ts"
import type { SecretsState } from "../../../src/domain/protocol/replies.ts"
import { driftFinder } from "../../../src/programs/apps/status.ts"
import { Cipher } from "../../../src/services/cipher/cipher.ts"
import { SecretsFile } from "../../../src/services/secrets-file/secrets-file.ts"
import { machine } from "../../support/machine.ts"
import { environment, put, secret } from "../../support/project-of.ts"

const app = AppName("shop/production")

const synced = (names: ReadonlyArray<string>, keyId: KeyId): SecretsState => ({
  app,
  names: names.map(secret),
  revision: first,
  proven: true,
  key_id: keyId,
  updated_at: "2026-01-31T12:00:00.000Z",
  by: "ada"
})

describe("drift", () => {
  it.scoped("is found in names and keys, only for this project's apps", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      yield* Effect.gen(function* () {
        yield* put("production", "ONE", "1")
        yield* put("production", "TWO", "2")
        const { read } = yield* SecretsFile
        const { keyIdOf } = yield* Cipher
        const found = (yield* read).get(environment("production"))
        if (found === undefined) return yield* Effect.dieMessage("no production")
        const id = keyIdOf(found.salt)
        const driftOf = yield* driftFinder
        assert.isTrue(Option.isNone(driftOf(app, synced(["ONE", "TWO"], id))))
        assert.deepStrictEqual(Option.getOrThrow(driftOf(app, synced(["OLD", "TWO"], id))), {
          missing: [secret("ONE")],
          surplus: [secret("OLD")],
          anotherKey: false,
          since: "2026-01-31T12:00:00.000Z",
          by: "ada"
        })
        const other = "0123456789abcdef" as KeyId
        assert.deepInclude(Option.getOrThrow(driftOf(app, synced(["ONE", "TWO"], other))), {
          anotherKey: true
        })
        for (const elsewhere of ["till/production", "shop/staging"]) {
          assert.isTrue(Option.isNone(driftOf(AppName(elsewhere), synced([], other))), elsewhere)
        }
        return undefined
      }).pipe((test) =>
        run(test, {
          project: "/home/ada/shop",
          variables: { TAKO_PASSPHRASE: "a passphrase of these tests" }
        })
      )
    })
  )
})
