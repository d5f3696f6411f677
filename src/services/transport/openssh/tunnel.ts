import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { ServerUnreachable } from "../../../domain/errors/server.ts"
import type { Target } from "../../../domain/server/target.ts"
import type { Destination } from "../../../domain/server-registry/destination.ts"
import { errnoOf } from "../../files/errno.ts"
import { type SshCommand, type SshProgram, sshCommand } from "../../ssh-config/ssh-command.ts"
import type { TransportError } from "../transport.ts"
import { explainEnd } from "./explain.ts"

/** An ssh that has logged in and leads from a socket of ours to the one of tako-server. */
export interface Tunnel {
  readonly socket: Net.Socket
  /** ssh's messages so far, the last 64 KiB of them. */
  readonly said: () => string
}

export interface Watched {
  readonly child: ChildProcess
  readonly said: () => string
  readonly ended: () => boolean
}

export const openTunnel = (
  program: SshProgram,
  target: Target,
  destination: Destination,
  within: Duration.DurationInput
): Effect.Effect<Tunnel, TransportError, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* privateFolder(target.name)
    const path = Path.join(folder, "s")
    const ssh = yield* start(program, target, destination, path)
    const isIn = /^Authenticated to /m
    yield* until(ssh, () => (ssh.ended() || isIn.test(ssh.said()) ? true : undefined)).pipe(
      Effect.timeoutFail({
        duration: within,
        onTimeout: () =>
          new ServerUnreachable({
            server: target.name,
            stage: "connect",
            reason: "timeout",
            hint: "See where it hangs: ssh -v"
          })
      })
    )
    const socket = yield* connect(path).pipe(
      Effect.retry({
        schedule: Schedule.spaced("10 millis"),
        while: () => !ssh.ended(),
        times: 500
      }),
      Effect.mapError((code) =>
        ssh.ended()
          ? explainEnd(target, ssh.said())
          : new ServerUnreachable({
              server: target.name,
              stage: "socket",
              reason: code,
              hint: "ssh did not open a socket of its own. See: ssh -v"
            })
      )
    )
    return { socket, said: ssh.said }
  })

/** Nobody else may use the socket in it: 0700, whatever the umask. */
const privateFolder = (server: string) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-ssh-")),
      catch: (error) =>
        new ServerUnreachable({
          server,
          stage: "connect",
          reason: errnoOf(error) ?? "closed",
          hint: `ssh needs a socket in ${Os.tmpdir()}: set TMPDIR to a folder of your own.`
        })
    }),
    (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
  )

const start = (program: SshProgram, target: Target, destination: Destination, path: string) =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const command = sshCommand(program, optionsFor(path, target.socket), destination)
      return command === undefined
        ? new ServerUnreachable({
            server: target.name,
            stage: "resolve",
            reason: "there is no ssh on this machine",
            hint: "Install OpenSSH's client."
          })
        : Effect.sync(() => watch(startSsh(command)))
    }),
    ({ child, ended }) =>
      Effect.async<void>((resume) => {
        if (ended()) return resume(Effect.void)
        child.once("close", () => resume(Effect.void))
        child.kill()
      }).pipe(
        Effect.timeout("2 seconds"),
        Effect.catchAll(() => Effect.sync(() => child.kill("SIGKILL"))),
        Effect.asVoid
      )
  )

const startSsh = ({ program, args, environment }: SshCommand): ChildProcess =>
  // In a session of its own, without a terminal: the programs that it starts for jump hosts would ask there.
  spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true, env: { ...environment } })

const kept = 64 * 1024

const watch = (child: ChildProcess): Watched => {
  let said = ""
  let ended = false
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-kept)
  })
  child.stdout?.resume()
  child.stdin?.on("error", () => {})
  child.once("error", () => {
    ended = true
  })
  child.once("close", () => {
    ended = true
  })
  return { child, said: () => said, ended: () => ended }
}

const until = <A>({ child }: Watched, look: () => A | undefined): Effect.Effect<A> =>
  Effect.async<A>((resume) => {
    const attempt = () => {
      const found = look()
      if (found !== undefined) resume(Effect.succeed(found))
    }
    child.stderr?.on("data", attempt)
    child.on("close", attempt)
    child.on("error", attempt)
    attempt()
    return Effect.sync(() => {
      child.stderr?.off("data", attempt)
      child.off("close", attempt)
      child.off("error", attempt)
    })
  })

const connect = (path: string): Effect.Effect<Net.Socket, string, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => Net.connect(path).on("error", () => {})),
    (socket) => Effect.sync(() => socket.destroy())
  ).pipe(
    Effect.tap((socket) =>
      Effect.async<void, string>((resume) => {
        socket.once("connect", () => resume(Effect.void))
        socket.once("error", (error) => resume(Effect.fail(errnoOf(error) ?? "closed")))
      })
    )
  )

/**
 * Of the user's configuration everything holds that says how to get there; what would ask, share, fork, run or show
 * something does not. A unix socket of ours leads to the one there: `ssh -W` takes no path (of OpenSSH 9.2 it says nothing,
 * and forwards nothing).
 */
export const optionsFor = (here: string, there: string): ReadonlyArray<string> => [
  "-N",
  "-T",
  ...[
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "NoHostAuthenticationForLocalhost=no",
    "VerifyHostKeyDNS=no",
    "ConnectTimeout=10",
    "ConnectionAttempts=1",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ControlMaster=no",
    "ControlPath=none",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "ExitOnForwardFailure=no",
    "StreamLocalBindMask=0177",
    // It tells when it is logged in.
    "LogLevel=VERBOSE"
  ].flatMap((option) => ["-o", option]),
  "-L",
  `${escaped(here)}:${escaped(there)}`
]

/** In a forwarding a colon parts the two sides. */
const escaped = (path: string): string => path.replace(/[\\:]/g, "\\$&")
