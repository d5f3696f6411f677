import type { Duplex } from "node:stream"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { ServerUnreachable } from "../../../domain/errors/server.ts"
import type { LoggedIn } from "./login.ts"
import { unreachable, within } from "./session.ts"

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
