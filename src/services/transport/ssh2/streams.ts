import * as Net from "node:net"
import type { Duplex } from "node:stream"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { ServerUnreachable, type TransportStage } from "../../../domain/errors/server.ts"
import type { SshSettings } from "../../../domain/ssh/ssh-settings.ts"
import { errnoOf } from "../../files/errno.ts"
import type { LoggedIn } from "./login.ts"
import { unreachable, within } from "./session.ts"

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

/** sshd tells these apart for its own log alone. */
export const socketHint = (path: string, user: string): string =>
  `No tako-server listens on ${path} there; or the user ${user} may not use it; or sshd forwards to no sockets (AllowStreamLocalForwarding).`

interface Refusal extends Error {
  /** RFC 4254, 5.1. */
  readonly reason?: unknown
}

const prohibited = 1

type Open = (callback: (error: Refusal | undefined, channel: Duplex) => void) => void

const opened = (
  server: string,
  { session }: LoggedIn,
  open: Open,
  options: {
    readonly stage: "connect" | "socket"
    readonly patience: Duration.DurationInput
    readonly hintOf: (prohibited: boolean) => string
  }
): Effect.Effect<Duplex, ServerUnreachable> => {
  const { stage, patience, hintOf } = options
  const answer = Effect.async<Duplex, ServerUnreachable>((resume) => {
    const refuse = (error: Refusal) => {
      const fault = session.fault()
      resume(
        fault !== undefined
          ? unreachable(server, stage, fault)
          : new ServerUnreachable({
              server,
              stage,
              reason: error.reason === prohibited ? "sshd does not allow it" : "ECONNREFUSED",
              hint: hintOf(error.reason === prohibited)
            })
      )
    }
    try {
      open((error, channel) => {
        if (error) refuse(error)
        else resume(Effect.succeed(channel.on("error", () => {})))
      })
    } catch (error) {
      refuse(error as Error)
    }
  })
  const lost = Effect.flatMap(session.until(session.fault), (fault) =>
    Effect.fail(unreachable(server, stage, fault))
  )
  return Effect.raceFirst(answer, lost).pipe(within(server, stage, patience))
}

/** A way through this host to another one (RFC 4254, 7.2). */
export const forwardTcp = (
  server: string,
  through: LoggedIn,
  { hostname, port }: { readonly hostname: string; readonly port: number },
  patience: Duration.DurationInput
): Effect.Effect<Duplex, ServerUnreachable> =>
  opened(server, through, (callback) => through.client.forwardOut("127.0.0.1", 0, hostname, port, callback), {
    stage: "connect",
    patience,
    hintOf: (prohibited) =>
      prohibited
        ? "The jump host's sshd does not allow it: AllowTcpForwarding, PermitOpen."
        : `The jump host does not reach ${hostname}:${port}. Is sshd running there?`
  })

/** A way to a unix socket on this host (PROTOCOL of OpenSSH, 2.4: direct-streamlocal@openssh.com). */
export const forwardSocket = (
  server: string,
  on: LoggedIn,
  { path, user }: { readonly path: string; readonly user: string },
  patience: Duration.DurationInput
): Effect.Effect<Duplex, ServerUnreachable> =>
  opened(server, on, (callback) => on.client.openssh_forwardOutStreamLocal(path, callback), {
    stage: "socket",
    patience,
    hintOf: (prohibited) =>
      prohibited ? "In its sshd_config: AllowStreamLocalForwarding yes" : socketHint(path, user)
  })
