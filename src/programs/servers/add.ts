import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { ServerMisbehaved, ServerRefused, ServerUnreachable } from "../../domain/errors/server.ts"
import { ServerExists } from "../../domain/errors/servers.ts"
import type { HostKey } from "../../domain/errors/ssh.ts"
import { Declined } from "../../domain/errors/user.ts"
import { shownDestination } from "../../domain/server-registry/destination.ts"
import type { RegisteredServer } from "../../domain/server-registry/registered-server.ts"
import { type HostIdentity, isForgotten } from "../../domain/ssh/host-identity.ts"
import { KnownHosts } from "../../services/known-hosts/known-hosts.ts"
import { ServerRegistry } from "../../services/server-registry/server-registry.ts"
import type { Transport } from "../../services/transport/transport.ts"
import { connect, type ServerError } from "../client/client.ts"

/** A host that was not known, and the key that it presented. */
export interface Stranger {
  readonly identity: HostIdentity
  readonly key: HostKey
}

/** What was met at the end of the way: tako-server of this version, or nobody who speaks like it. */
export type Met =
  | { readonly _tag: "Answers"; readonly version: string }
  | { readonly _tag: "Silent"; readonly why: ServerUnreachable | ServerMisbehaved | ServerRefused }

/**
 * Connects to a server, and remembers it when somebody could log in there, even if tako-server does not answer yet. Each
 * host on the way that is not known is shown to `trust`, and remembered in known_hosts after its yes; no is Declined.
 */
export const add = Effect.fn("servers.add")(function* <E, R>(
  server: RegisteredServer,
  trust: (stranger: Stranger) => Effect.Effect<boolean, E, R>
) {
  const servers = yield* ServerRegistry
  const known = (yield* servers.all).find(({ name }) => name === server.name)
  if (known !== undefined) {
    return yield* new ServerExists({ server: known.name, destination: shownDestination(known.ssh) })
  }
  const met = yield* meet(server, trust, mostHosts)
  yield* servers.add(server)
  return met
})

const mostHosts = 10

const meet = <E, R>(
  server: RegisteredServer,
  trust: (stranger: Stranger) => Effect.Effect<boolean, E, R>,
  left: number
): Effect.Effect<Met, ServerError | FileFailed | Declined | E, Transport | KnownHosts | R> =>
  Effect.scoped(Effect.either(connect(server))).pipe(
    Effect.flatMap((result) => {
      if (result._tag === "Right") {
        return Effect.succeed<Met>({ _tag: "Answers", version: result.right.hello.server_version })
      }
      const error = result.left
      const stranger = strangerOf(error)
      if (Option.isSome(stranger) && left > 0) {
        return Effect.flatMap(accept(stranger.value, trust), () => meet(server, trust, left - 1))
      }
      return isSilence(error) ? Effect.succeed<Met>({ _tag: "Silent", why: error }) : Effect.fail(error)
    })
  )

const strangerOf = (error: ServerError): Option.Option<Stranger> =>
  error._tag === "HostKeyRefused" &&
  error.reason === "unknown" &&
  error.key !== undefined &&
  !isForgotten(error.identity)
    ? Option.some({ identity: error.identity, key: error.key })
    : Option.none()

const accept = <E, R>(
  { identity, key }: Stranger,
  trust: (stranger: Stranger) => Effect.Effect<boolean, E, R>
) =>
  Effect.gen(function* () {
    const hosts = yield* KnownHosts
    if (!(yield* trust({ identity, key }))) return yield* new Declined()
    yield* hosts.add(identity, key.blob)
  })

/** Logged in, and nobody at the socket who speaks as tako-server does. */
const isSilence = (error: ServerError): error is ServerUnreachable | ServerMisbehaved | ServerRefused =>
  error._tag === "ServerMisbehaved" ||
  error._tag === "ServerRefused" ||
  (error._tag === "ServerUnreachable" && ["socket", "request", "reply"].includes(error.stage))
