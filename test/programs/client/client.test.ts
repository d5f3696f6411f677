import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SecretName } from "../../../src/domain/names.ts"
import { connect } from "../../../src/programs/client/client.ts"
import { contractHandler } from "../../../src/services/transport/contract.ts"
import { layerMemory } from "../../../src/services/transport/layer-memory.ts"
import { app, secrets } from "../../services/transport/fixtures.ts"

const connected = connect({ _tag: "Local", name: "local", socket: "/run/tako.sock" }).pipe(
  Effect.provide(layerMemory(new Map([["local", contractHandler]])))
)

describe("a connected server", () => {
  it.scoped("has exchanged hellos, and carries out one request after another", () =>
    Effect.gen(function* () {
      const server = yield* connected
      assert.strictEqual(server.hello.server_version, "1")
      for (let n = 0; n < 3; n++) {
        const reply = yield* server.call({ command: "update_secrets", app, secrets })
        assert.deepInclude(reply, { status: "updated", restarted: true, added: [SecretName("KEY")] })
      }
    })
  )

  it.scoped("passes on the server's refusal, without control characters", () =>
    Effect.gen(function* () {
      const server = yield* connected
      const refused = yield* Effect.flip(server.call({ command: "stop", app }))
      assert.deepInclude(refused, { _tag: "ServerRefused", server: "local" })
      assert.include(refused.message, "not today")
    })
  )
})
