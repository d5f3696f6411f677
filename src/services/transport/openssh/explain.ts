import { ServerUnreachable, type TransportStage } from "../../../domain/errors/server.ts"
import { HostKeyRefused, LoginRefused } from "../../../domain/errors/ssh.ts"
import { printable } from "../../../domain/printable.ts"
import type { Target } from "../../../domain/server/target.ts"
import { socketHint } from "../ssh2/streams.ts"
import type { TransportError } from "../transport.ts"

/** What ssh's messages (in the C locale) say of why it ended without having logged in. */
export const explainEnd = ({ name: server, ssh }: Target, said: string): TransportError => {
  const asked = ssh ?? { host: server }
  const { host } = asked
  if (/^Host key verification failed/m.test(said)) {
    const [, known] =
      /^(?:No \S+ host key is known for|(?:\S+ h|H)ost key for) (\S{1,300}) (?:and|has changed|was revoked)/m.exec(
        said
      ) ?? []
    return new HostKeyRefused({
      server,
      asked,
      reason: /REVOKED|was revoked/.test(said)
        ? "revoked"
        : /IDENTIFICATION HAS CHANGED/.test(said)
          ? "changed"
          : "unknown",
      identity: { name: printable(known ?? host), files: [], hashed: false }
    })
  }
  if (/Permission denied|Too many authentication failures/.test(said)) {
    const [, user] = /^(\S{1,200})@\S+: Permission denied/m.exec(said) ?? []
    return new LoginRefused({
      server,
      asked,
      host,
      user: printable(user ?? asked.user ?? "you"),
      reason: "refused",
      hungUp: /Too many authentication failures/.test(said)
    })
  }
  const found = patterns.find(([pattern]) => pattern.test(said))
  const [, stage, reason] = found ?? ([/./, "connect", "ssh gave up"] as const)
  return new ServerUnreachable({ server, stage, reason, hint: hintOf(said) })
}

const patterns: ReadonlyArray<readonly [RegExp, TransportStage, string]> = [
  [/Could not resolve hostname/, "resolve", "ENOTFOUND"],
  [/Connection refused/, "connect", "ECONNREFUSED"],
  [/No route to host/, "connect", "EHOSTUNREACH"],
  [/Network is unreachable/, "connect", "ENETUNREACH"],
  [/timed out/, "connect", "timeout"],
  [/Unable to negotiate|no matching/, "host-key", "both sides have no algorithm in common"],
  [/kex_exchange_identification|banner exchange|Connection (?:closed|reset)/, "host-key", "closed"]
]

const hintOf = (said: string): string => {
  const lines = said.split("\n").filter((line) => line.trim() !== "")
  const last = lines[lines.length - 1]
  return last === undefined
    ? "See what ssh says of it: ssh -v"
    : `ssh says: ${printable(last.trim()).slice(0, 300)}`
}

/** What an exchange that came to nothing failed of, when sshd did not open the socket. */
export const explainSocket = (
  { name: server, socket, ssh }: Target,
  said: string
): ServerUnreachable | undefined => {
  const [, why] =
    /open failed: (administratively prohibited|connect failed|unknown channel type)/.exec(said) ?? []
  if (why === undefined) return undefined
  return why === "connect failed"
    ? new ServerUnreachable({
        server,
        stage: "socket",
        reason: "ECONNREFUSED",
        hint: socketHint(socket, ssh?.user ?? "that logs in")
      })
    : new ServerUnreachable({
        server,
        stage: "socket",
        reason: "sshd does not allow it",
        hint: "In its sshd_config: AllowStreamLocalForwarding yes"
      })
}
