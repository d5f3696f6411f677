import { ServerUnreachable, type TransportStage } from "../../../domain/errors/server.ts"
import { HostKeyRefused, LoginRefused } from "../../../domain/errors/ssh.ts"
import { printable } from "../../../domain/printable.ts"
import type { SshTarget } from "../../../domain/target.ts"
import { socketHint } from "../ssh2/streams.ts"
import type { TransportError } from "../transport.ts"

/** Derives from ssh's messages (in the C locale) why it ended before it had logged in. */
export const explainExit = (
  { name: server, ssh: destination }: SshTarget,
  stderr: string
): TransportError => {
  const { host } = destination
  if (/^Host key verification failed/m.test(stderr)) {
    const [, known] =
      /^(?:No \S+ host key is known for|(?:\S+ h|H)ost key for) (\S{1,300}) (?:and|has changed|was revoked)/m.exec(
        stderr
      ) ?? []
    return new HostKeyRefused({
      server,
      destination,
      reason: /REVOKED|was revoked/.test(stderr)
        ? "revoked"
        : /IDENTIFICATION HAS CHANGED/.test(stderr)
          ? "changed"
          : "unknown",
      identity: { name: printable(known ?? host), files: [], hashed: false }
    })
  }
  if (/Permission denied|Too many authentication failures/.test(stderr)) {
    const [, user] = /^(\S{1,200})@\S+: Permission denied/m.exec(stderr) ?? []
    return new LoginRefused({
      server,
      destination,
      host,
      user: printable(user ?? destination.user ?? "you"),
      reason: "refused",
      hungUp: /Too many authentication failures/.test(stderr)
    })
  }
  const match = patterns.find(([pattern]) => pattern.test(stderr))
  const [, stage, reason] = match ?? ([/./, "connect", "ssh gave up"] as const)
  return new ServerUnreachable({ server, stage, reason, hint: lastLineOf(stderr) })
}

const patterns: ReadonlyArray<readonly [RegExp, TransportStage, string]> = [
  [/Could not resolve hostname/, "resolve", "ENOTFOUND"],
  [/Connection refused/, "connect", "ECONNREFUSED"],
  [/No route to host/, "connect", "EHOSTUNREACH"],
  [/Network is unreachable/, "connect", "ENETUNREACH"],
  [/timed out/, "connect", "timeout"],
  [/Unable to negotiate|no matching/, "host-key", "the two sides share no algorithm"],
  [/kex_exchange_identification|banner exchange|Connection (?:closed|reset)/, "host-key", "closed"]
]

const lastLineOf = (stderr: string): string => {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "")
  const last = lines[lines.length - 1]
  return last === undefined ? "See what ssh -v says." : `ssh says: ${printable(last.trim()).slice(0, 300)}`
}

/** Why an exchange failed, when the reason is that sshd did not open the socket. */
export const explainSocket = (
  { name: server, socket, ssh }: SshTarget,
  stderr: string
): ServerUnreachable | undefined => {
  const [, why] =
    /open failed: (administratively prohibited|connect failed|unknown channel type)/.exec(stderr) ?? []
  if (why === undefined) return undefined
  return why === "connect failed"
    ? new ServerUnreachable({
        server,
        stage: "socket",
        reason: "ECONNREFUSED",
        hint: socketHint(socket, ssh.user ?? "that logs in")
      })
    : new ServerUnreachable({
        server,
        stage: "socket",
        reason: "sshd does not allow it",
        hint: "In its sshd_config: AllowStreamLocalForwarding yes"
      })
}
