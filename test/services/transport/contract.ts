import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { first } from "../../../src/domain/app/release.ts"
import type { TransportStage } from "../../../src/domain/errors/server.ts"
import { SecretName } from "../../../src/domain/names.ts"
import { error, ok } from "../../../src/domain/protocol/replies.ts"
import { encodeRequest } from "../../../src/domain/protocol/requests.ts"
import type { Target } from "../../../src/domain/server/target.ts"
import { connect } from "../../../src/programs/client/client.ts"
import type { Handler } from "../../../src/services/management/management.ts"
import { Transport } from "../../../src/services/transport/transport.ts"

export const app = AppName("shop/production")
export const canary = "c4nary-value"
export const secrets = new Map([[SecretName("KEY"), Redacted.make(canary)]])

export const handler: Handler = (request) => {
  switch (request.command) {
    case "hello":
      return Effect.succeed(ok<"hello">({ protocol_version: 0, server_version: "1", capabilities: ["list"] }))
    case "update_secrets":
      return Effect.succeed(
        ok<"update_secrets">({
          status: "updated",
          app: request.app,
          restarted: true,
          revision: first,
          added: [...request.secrets.keys()],
          changed: [],
          removed: [],
          instances: 2
        })
      )
    case "list":
      return Effect.never
    default:
      return Effect.succeed(error("not\u001b[2J today"))
  }
}

export interface Reach {
  readonly transport: Layer.Layer<Transport>
  readonly target: Target
  /** Where it fails when nobody listens on the socket. */
  readonly absent?: TransportStage
}

export const list = encodeRequest({ command: "list" })

export const contract = (title: string, reach: Effect.Effect<Reach, unknown, Scope.Scope>) =>
  describe(title, () => {
    const test = <A, E>(
      name: string,
      run: (target: Target, absent: TransportStage) => Effect.Effect<A, E, Transport | Scope.Scope>
    ) =>
      it.scopedLive(name, () =>
        Effect.flatMap(reach, ({ transport, target, absent = "connect" }) =>
          Effect.provide(run(target, absent), transport)
        )
      )

    test("carries requests there and answers back, one after the other", (target) =>
      Effect.gen(function* () {
        const server = yield* connect(target)
        assert.strictEqual(server.hello.server_version, "1")
        for (let n = 0; n < 3; n++) {
          const reply = yield* server.call({ command: "update_secrets", app, secrets })
          assert.deepInclude(reply, { status: "updated", restarted: true, added: [SecretName("KEY")] })
        }
      }))

    test("tells a refusal in the server's words, made fit for a terminal", (target) =>
      Effect.gen(function* () {
        const server = yield* connect(target)
        const refused = yield* Effect.flip(server.call({ command: "stop", app }))
        assert.deepInclude(refused, { _tag: "ServerRefused", server: target.name })
        assert.include(refused.message, "not today")
      }))

    test("does not wait longer than it is told to", (target) =>
      Effect.gen(function* () {
        const transport = yield* Transport
        const wire = yield* transport.connect(target)
        const late = yield* Effect.flip(wire.exchange(list, "20 millis"))
        assert.deepInclude(late, { _tag: "ServerUnreachable", stage: "reply", reason: "timeout" })
        assert.include(late.message, "may have done it")
      }))

    test("says that nobody is there", (target, stage) =>
      Effect.gen(function* () {
        const nobody = { ...target, name: "nobody", socket: `${target.socket}-not` }
        const error = yield* Effect.flip(connect(nobody))
        assert.deepInclude(error, { _tag: "ServerUnreachable", stage })
        assert.include(error.message, "Server nobody failed while")
      }))
  })
