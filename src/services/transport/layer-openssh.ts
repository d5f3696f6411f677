import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Target } from "../../domain/server/target.ts"
import type { Destination } from "../../domain/server-registry/destination.ts"
import type { SshProgram } from "../ssh-config/ssh-command.ts"
import { notHere } from "./layer-ssh2.ts"
import { explainSocket } from "./openssh/explain.ts"
import { openTunnel } from "./openssh/tunnel.ts"
import { Transport, type TransportError, type Wire } from "./transport.ts"
import { overStream } from "./wire.ts"

export interface OpenSshOptions extends SshProgram {
  /** Until it has logged in. */
  readonly within?: Duration.DurationInput
}

export const connectByOpenSsh = (
  options: OpenSshOptions,
  target: Target,
  destination: Destination
): Effect.Effect<Wire, TransportError, Scope.Scope> =>
  Effect.gen(function* () {
    const { socket, said } = yield* openTunnel(options, target, destination, options.within ?? "1 minute")
    const { exchange } = yield* overStream(target.name, socket)
    return {
      exchange: (line, within) =>
        Effect.catchTag(exchange(line, within), "ServerUnreachable", (error) =>
          Effect.fail(explainSocket(target, said()) ?? error)
        )
    }
  })

/** Servers on other machines, by the system's own ssh: it can do all that the user's configuration asks. It never asks. */
export const layerOpenSshOf = (options: OpenSshOptions): Layer.Layer<Transport> =>
  Layer.succeed(Transport, {
    connect: Effect.fn("Transport.connect")((target: Target) =>
      target.ssh === undefined ? notHere(target.name) : connectByOpenSsh(options, target, target.ssh)
    )
  })

export const layerOpenSsh: Layer.Layer<Transport> = Layer.suspend(() =>
  layerOpenSshOf({ variables: process.env })
)
