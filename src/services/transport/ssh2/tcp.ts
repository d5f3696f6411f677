import * as Net from "node:net"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { ServerUnreachable, type TransportStage } from "../../../domain/errors/server.ts"
import type { SshSettings } from "../../../domain/ssh/ssh-settings.ts"
import { errnoOf } from "../../files/attempt.ts"

const families = { any: 0, inet: 4, inet6: 6 } as const

/** A connection to the host's port, without Nagle's algorithm: requests are small, and answered one by one. */
export const connectTcp = (
  server: string,
  { hostname, port, addressFamily, connectTimeout }: SshSettings,
  within: Duration.DurationInput
): Effect.Effect<Net.Socket, ServerUnreachable, Scope.Scope> => {
  const place = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`
  const unreachable = (stage: TransportStage, reason: string) =>
    new ServerUnreachable({ server, stage, reason, hint: hintOf(stage, reason, place) })
  return Effect.acquireRelease(
    Effect.sync(() =>
      Net.connect({ host: hostname, port, family: families[addressFamily], noDelay: true }).on(
        "error",
        () => {}
      )
    ),
    (socket) => Effect.sync(() => socket.destroy())
  ).pipe(
    Effect.tap((socket) =>
      Effect.async<void, ServerUnreachable>((resume) => {
        socket.once("connect", () => resume(Effect.void))
        socket.once("error", (error) => {
          const code = codeOf(error)
          resume(unreachable(unresolved.has(code) ? "resolve" : "connect", code))
        })
      }).pipe(
        Effect.timeoutFail({
          duration: connectTimeout === undefined ? within : Duration.seconds(connectTimeout),
          onTimeout: () => unreachable("connect", "timeout")
        })
      )
    )
  )
}

const unresolved = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EAI_NONAME"])

/** Of several addresses that were tried in turn, the last one's. */
const codeOf = (error: Error): string => {
  const last = error instanceof AggregateError ? error.errors[error.errors.length - 1] : error
  return errnoOf(last) ?? "closed"
}

const hintOf = (stage: TransportStage, reason: string, place: string): string => {
  if (stage === "resolve") return `No address is known for ${place}. Check the host's name: tako servers ls`
  return reason === "ECONNREFUSED"
    ? `Nothing listens on ${place}. Is sshd running there, and on that port?`
    : `${place} does not answer. Is it up, and may you reach it from here?`
}
