import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { ServerMisbehaved, ServerUnreachable, type TransportStage } from "../../domain/errors/server.ts"
import { maxLineLength } from "../../domain/protocol/requests.ts"
import { lineReader, type NoLine, writeLine } from "../line-reader/line-reader.ts"
import type { ExchangeError, Wire } from "./transport.ts"

/** Exchanges lines over a stream that leads to a server's socket. Closing the scope closes the stream. */
export const wireOver = (server: string, stream: Duplex): Effect.Effect<Wire, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => lineReader(stream, { length: maxLineLength, within: "2 hours" })),
      () => Effect.sync(() => stream.destroy())
    ),
    (reader) => {
      const oneAtATime = Effect.unsafeMakeSemaphore(1)
      return {
        exchange: (line, within) =>
          Effect.suspend(() => {
            let stage: TransportStage = "request"
            const send = Effect.tap(writeLine(stream, Redacted.value(line)), () => {
              stage = "reply"
            })
            // A server may refuse without reading the whole request, so its answer is read while we still write.
            return Effect.acquireUseRelease(
              Effect.fork(Effect.interruptible(Effect.ignore(send))),
              () => reader.next(within),
              Fiber.interrupt
            ).pipe(
              Effect.mapError((fault) => explainFailure(server, stage, fault)),
              Effect.timeoutFail({
                duration: within,
                onTimeout: () => new ServerUnreachable({ server, stage, reason: "timeout" })
              }),
              Effect.onExit((exit) =>
                Effect.sync(() => {
                  if (exit._tag === "Failure") stream.destroy()
                })
              )
            )
          }).pipe(oneAtATime.withPermits(1))
      }
    }
  )

const explainFailure = (server: string, stage: TransportStage, { reason, code }: NoLine): ExchangeError => {
  switch (reason) {
    case "too-long":
      return new ServerMisbehaved({ server, reason: "too-long" })
    case "slow":
    case "busy":
      return new ServerUnreachable({ server, stage, reason: "timeout" })
    default:
      return new ServerUnreachable({ server, stage, reason: code ?? "closed" })
  }
}
