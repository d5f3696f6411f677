import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { AppName } from "../../domain/app/app-name.ts"
import { first } from "../../domain/app/release.ts"
import type { TransportStage } from "../../domain/errors/server.ts"
import { SecretName } from "../../domain/names.ts"
import { decodeResponse } from "../../domain/protocol/replies.ts"
import { encodeRequest } from "../../domain/protocol/requests.ts"
import type { Target } from "../../domain/target.ts"
import type { Contract } from "../contract.ts"
import type { Handler } from "../management/management.ts"
import { Transport, type Wire } from "./transport.ts"

/** A server behind a Transport, started for one test. */
export interface ContractServer {
  readonly transport: Layer.Layer<Transport>
  /** Leads to a server that answers with {@link contractHandler}. */
  readonly target: Target
  /** A target of the same kind that nothing listens at. */
  readonly nobody: Target
  /** The stage at which connecting to `nobody` fails; "connect" by default. */
  readonly absentStage?: TransportStage
}

const app = AppName("shop/production")
const secrets = new Map([[SecretName("KEY"), Redacted.make("a value")]])

/** Greets, takes secrets, never answers `list`, and refuses everything else. */
export const contractHandler: Handler = (request) => {
  switch (request.command) {
    case "hello":
      return Effect.succeed({
        status: "ok",
        data: { protocol_version: 0, server_version: "1", capabilities: ["list"] }
      })
    case "update_secrets":
      return Effect.succeed({
        status: "ok",
        data: {
          status: "updated",
          app: request.app,
          restarted: true,
          revision: first,
          added: [...request.secrets.keys()],
          changed: [],
          removed: [],
          instances: 2
        }
      })
    case "list":
      return Effect.never
    default:
      return Effect.succeed({ status: "error", message: "not\u001b[2J today" })
  }
}

/** What every Transport must do. The Effect starts a server, and is run once for each test. */
export const contract = (server: Effect.Effect<ContractServer, unknown, Scope.Scope>): Contract<never> => {
  const connected = (use: (wire: Wire) => Effect.Effect<void, unknown, Scope.Scope>) =>
    Effect.flatMap(server, ({ transport, target }) =>
      Effect.provide(
        Effect.flatMap(Transport, ({ connect }) => Effect.flatMap(connect(target), use)),
        transport
      )
    )
  return [
    {
      name: "carries requests and replies, one after another",
      run: connected(({ exchange }) =>
        Effect.gen(function* () {
          for (let n = 0; n < 3; n++) {
            const request = encodeRequest({ command: "update_secrets", app, secrets })
            const response = decodeResponse("update_secrets", yield* exchange(request, "1 minute"))
            Assert.ok(Either.isRight(response) && response.right._tag === "Done")
            Assert.deepEqual(response.right.data.added, ["KEY"])
          }
        })
      )
    },
    {
      name: "returns a refusal without changing it",
      run: connected(({ exchange }) =>
        Effect.gen(function* () {
          const line = yield* exchange(encodeRequest({ command: "stop", app }), "1 minute")
          Assert.deepEqual(
            decodeResponse("stop", line),
            Either.right({ _tag: "Refused", message: "not\u001b[2J today" })
          )
        })
      )
    },
    {
      name: "waits no longer than the timeout",
      run: connected(({ exchange }) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(exchange(encodeRequest({ command: "list" }), "20 millis"))
          Assert.ok(error._tag === "ServerUnreachable")
          Assert.deepEqual([error.stage, error.reason], ["reply", "timeout"])
          Assert.match(error.message, /may have carried out/)
        })
      )
    },
    {
      name: "reports that nothing listens",
      run: Effect.flatMap(server, ({ transport, nobody, absentStage = "connect" }) =>
        Effect.gen(function* () {
          const { connect } = yield* Transport
          const reply = Effect.flatMap(connect(nobody), ({ exchange }) =>
            exchange(encodeRequest({ command: "stop", app }), "1 minute")
          )
          const error = yield* Effect.flip(reply)
          Assert.ok(error._tag === "ServerUnreachable", error.message)
          Assert.equal(error.stage, absentStage)
          Assert.ok(error.message.startsWith(`Server ${nobody.name} failed while`))
        }).pipe(Effect.provide(transport))
      )
    }
  ]
}
