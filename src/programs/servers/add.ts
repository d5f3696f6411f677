import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { ServerMisbehaved, ServerRefused, ServerUnreachable } from "../../domain/errors/server.ts"
import { serverExists } from "../../domain/errors/servers.ts"
import type { HostKey } from "../../domain/errors/ssh.ts"
import { Declined } from "../../domain/errors/user.ts"
import { type RegisteredServer, sshTarget } from "../../domain/server-registry/registered-server.ts"
import { type HostIdentity, isForgotten } from "../../domain/ssh/host-identity.ts"
import type { SshTarget } from "../../domain/target.ts"
import { KnownHosts } from "../../services/known-hosts/known-hosts.ts"
import { ServerRegistry } from "../../services/server-registry/server-registry.ts"
import type { Transport } from "../../services/transport/transport.ts"
import { connect, type ServerError } from "../client/client.ts"

/** A host that is not in known_hosts, and the key that it presented. */
export interface UnknownHost {
  readonly identity: HostIdentity
  readonly key: HostKey
}

/** Whether tako-server answers at the other end. */
export type Contact =
  | { readonly _tag: "Answers"; readonly version: string }
  | { readonly _tag: "Silent"; readonly why: ServerUnreachable | ServerMisbehaved | ServerRefused }

/**
 * Connects to a server and registers it. Logging in has to work; tako-server need not answer yet. `trust` is shown each unknown
 * host on the way: its yes adds the host to known_hosts, its no is Declined.
 */
export const add = Effect.fn("servers.add")(function* <E, R>(
  server: RegisteredServer,
  trust: (host: UnknownHost) => Effect.Effect<boolean, E, R>
) {
  const registry = yield* ServerRegistry
  const existing = (yield* registry.all).find(({ name }) => name === server.name)
  if (existing !== undefined) return yield* serverExists(existing)
  const contact = yield* contactServer(sshTarget(server), trust, maxUnknownHosts)
  yield* registry.add(server)
  return contact
})

const maxUnknownHosts = 10

const contactServer = <E, R>(
  target: SshTarget,
  trust: (host: UnknownHost) => Effect.Effect<boolean, E, R>,
  left: number
): Effect.Effect<Contact, ServerError | FileFailed | Declined | E, Transport | KnownHosts | R> =>
  Effect.scoped(Effect.either(connect(target))).pipe(
    Effect.flatMap((result) => {
      if (result._tag === "Right") {
        return Effect.succeed<Contact>({ _tag: "Answers", version: result.right.hello.server_version })
      }
      const error = result.left
      const unknown = unknownHostIn(error)
      if (Option.isSome(unknown) && left > 0) {
        return Effect.flatMap(accept(unknown.value, trust), () => contactServer(target, trust, left - 1))
      }
      return isSilence(error) ? Effect.succeed<Contact>({ _tag: "Silent", why: error }) : Effect.fail(error)
    })
  )

const unknownHostIn = (error: ServerError): Option.Option<UnknownHost> =>
  error._tag === "HostKeyRefused" &&
  error.reason === "unknown" &&
  error.key !== undefined &&
  !isForgotten(error.identity)
    ? Option.some({ identity: error.identity, key: error.key })
    : Option.none()

const accept = <E, R>(
  { identity, key }: UnknownHost,
  trust: (host: UnknownHost) => Effect.Effect<boolean, E, R>
) =>
  Effect.gen(function* () {
    const hosts = yield* KnownHosts
    if (!(yield* trust({ identity, key }))) return yield* new Declined()
    yield* hosts.add(identity, key.blob)
  })

/** The login worked, and nothing behind the socket speaks tako-server's protocol. */
const isSilence = (error: ServerError): error is ServerUnreachable | ServerMisbehaved | ServerRefused =>
  error._tag === "ServerMisbehaved" ||
  error._tag === "ServerRefused" ||
  (error._tag === "ServerUnreachable" && ["socket", "request", "reply"].includes(error.stage))
