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

/** Connects to the host's port, without Nagle's algorithm: requests are small, and each waits for the answer to the last. */
export const connectTcp = (
  server: string,
  { hostname, port, addressFamily, connectTimeout }: SshSettings,
  timeout: Duration.DurationInput
): Effect.Effect<Net.Socket, ServerUnreachable, Scope.Scope> => {
  const address = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`
  const failed = (stage: TransportStage, reason: string) =>
    new ServerUnreachable({ server, stage, reason, hint: tcpHint(stage, reason, address) })
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
          const code = lastCode(error)
          resume(failed(resolverCodes.has(code) ? "resolve" : "connect", code))
        })
      }).pipe(
        Effect.timeoutFail({
          duration: connectTimeout === undefined ? timeout : Duration.seconds(connectTimeout),
          onTimeout: () => failed("connect", "timeout")
        })
      )
    )
  )
}

const families = { any: 0, inet: 4, inet6: 6 } as const

const resolverCodes = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EAI_NONAME"])

/** When several addresses were tried in turn, the code of the last one. */
const lastCode = (error: Error): string => {
  const last = error instanceof AggregateError ? error.errors[error.errors.length - 1] : error
  return errnoOf(last) ?? "closed"
}

const tcpHint = (stage: TransportStage, reason: string, address: string): string => {
  if (stage === "resolve") return `${address} has no known address. Check the host name: tako servers ls`
  return reason === "ECONNREFUSED"
    ? `Nothing listens on ${address}. Is sshd running there, and on that port?`
    : `${address} does not answer. Is it up, and can it be reached from here?`
}

/** Has this host connect to another one (RFC 4254, 7.2). */
export const forwardTcp = (
  server: string,
  through: LoggedIn,
  { hostname, port }: { readonly hostname: string; readonly port: number },
  timeout: Duration.DurationInput
): Effect.Effect<Duplex, ServerUnreachable> =>
  openChannel(
    server,
    through,
    (callback) => through.client.forwardOut("127.0.0.1", 0, hostname, port, callback),
    {
      stage: "connect",
      timeout,
      hintFor: (prohibited) =>
        prohibited
          ? "The jump host's sshd does not allow it: AllowTcpForwarding, PermitOpen."
          : `The jump host cannot reach ${hostname}:${port}. Is sshd running there?`
    }
  )

/** Has this host connect to a unix socket on it (OpenSSH's PROTOCOL, 2.4: direct-streamlocal@openssh.com). */
export const forwardSocket = (
  server: string,
  on: LoggedIn,
  { path, user }: { readonly path: string; readonly user: string },
  timeout: Duration.DurationInput
): Effect.Effect<Duplex, ServerUnreachable> =>
  openChannel(server, on, (callback) => on.client.openssh_forwardOutStreamLocal(path, callback), {
    stage: "socket",
    timeout,
    hintFor: (prohibited) =>
      prohibited ? "In its sshd_config: AllowStreamLocalForwarding yes" : socketHint(path, user)
  })

/** sshd logs which of these it was, and does not say so to its client. */
export const socketHint = (path: string, user: string): string =>
  `No tako-server listens on ${path} there; or the user ${user} may not use it; or sshd does not forward to sockets (AllowStreamLocalForwarding).`

type Open = (callback: (error: ChannelError | undefined, channel: Duplex) => void) => void

interface ChannelError extends Error {
  /** RFC 4254, 5.1. */
  readonly reason?: unknown
}

const administrativelyProhibited = 1

const openChannel = (
  server: string,
  { session }: LoggedIn,
  open: Open,
  options: {
    readonly stage: "connect" | "socket"
    readonly timeout: Duration.DurationInput
    readonly hintFor: (prohibited: boolean) => string
  }
): Effect.Effect<Duplex, ServerUnreachable> => {
  const { stage, timeout, hintFor } = options
  const opened = Effect.async<Duplex, ServerUnreachable>((resume) => {
    const refuse = (error: ChannelError) => {
      const fault = session.fault()
      const prohibited = error.reason === administrativelyProhibited
      resume(
        fault !== undefined
          ? unreachable(server, stage, fault)
          : new ServerUnreachable({
              server,
              stage,
              reason: prohibited ? "sshd does not allow it" : "ECONNREFUSED",
              hint: hintFor(prohibited)
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
  return Effect.raceFirst(opened, lost).pipe(within(server, stage, timeout))
}
