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
import type { SshTarget } from "../../../domain/target.ts"
import { errnoOf } from "../../files/errno.ts"
import { type SshProgram, sshCommand } from "../../ssh-config/ssh-command.ts"
import type { TransportError } from "../transport.ts"
import { explainExit } from "./explain.ts"

/** An ssh process that has logged in and forwards a unix socket of ours to tako-server's. */
export interface Tunnel {
  readonly socket: Net.Socket
  /** The last 64 KiB of ssh's messages. */
  readonly stderr: () => string
}

export const openTunnel = (
  program: SshProgram,
  target: SshTarget,
  loginWithin: Duration.DurationInput
): Effect.Effect<Tunnel, TransportError, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* privateFolder(target.name)
    const path = Path.join(folder, "s")
    const ssh = yield* start(program, target, path)
    yield* endedOr(ssh, () => authenticated.test(ssh.stderr())).pipe(
      Effect.timeoutFail({
        duration: loginWithin,
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
          ? explainExit(target, ssh.stderr())
          : new ServerUnreachable({
              server: target.name,
              stage: "socket",
              reason: code,
              hint: "ssh did not open its own socket. See: ssh -v"
            })
      )
    )
    return { socket, stderr: ssh.stderr }
  })

/** ssh prints this at LogLevel VERBOSE. */
const authenticated = /^Authenticated to /m

/** Holds the socket that ssh opens, which nobody else may use: mkdtemp makes it 0700, whatever the umask. */
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

interface RunningSsh {
  readonly child: ChildProcess
  readonly stderr: () => string
  readonly ended: () => boolean
}

const start = (program: SshProgram, target: SshTarget, path: string) =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const command = sshCommand(program, optionsFor(path, target.socket), target.ssh)
      return command === undefined
        ? new ServerUnreachable({
            server: target.name,
            stage: "resolve",
            reason: "there is no ssh on this machine",
            hint: "Install the OpenSSH client."
          })
        : Effect.sync(() =>
            observe(
              // A session of its own has no terminal, on which an ssh that it starts for a jump host would prompt.
              spawn(command.program, command.args, {
                stdio: ["pipe", "pipe", "pipe"],
                detached: true,
                env: { ...command.environment }
              })
            )
          )
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

/**
 * Keeps everything of the user's configuration that says how to get there, and overrides what would prompt, share a
 * connection, fork, run a command or open a display. A local unix socket is forwarded because `ssh -W` takes no path: that of
 * OpenSSH 9.2 forwards nothing and does not say so.
 */
const optionsFor = (local: string, remote: string): ReadonlyArray<string> => [
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
    "LogLevel=VERBOSE"
  ].flatMap((option) => ["-o", option]),
  "-L",
  `${escaped(local)}:${escaped(remote)}`
]

/** A colon separates the two sides of a forwarding. */
const escaped = (path: string): string => path.replace(/[\\:]/g, "\\$&")

const maxKept = 64 * 1024

const observe = (child: ChildProcess): RunningSsh => {
  let stderr = ""
  let ended = false
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = `${stderr}${text}`.slice(-maxKept)
  })
  child.stdout?.resume()
  child.stdin?.on("error", () => {})
  child.once("error", () => {
    ended = true
  })
  child.once("close", () => {
    ended = true
  })
  return { child, stderr: () => stderr, ended: () => ended }
}

/** Waits for the condition, which is checked at each message, or for the end of ssh. */
const endedOr = ({ child, ended }: RunningSsh, condition: () => boolean): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const check = () => {
      if (ended() || condition()) resume(Effect.void)
    }
    child.stderr?.on("data", check)
    child.on("close", check)
    child.on("error", check)
    check()
    return Effect.sync(() => {
      child.stderr?.off("data", check)
      child.off("close", check)
      child.off("error", check)
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
