import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SshTarget } from "../../domain/target.ts"
import type { SshProgram } from "../ssh-config/ssh-command.ts"
import { explainSocket } from "./openssh/explain.ts"
import { openTunnel } from "./openssh/tunnel.ts"
import { type Connector, Transport, transportOf } from "./transport.ts"
import { wireOver } from "./wire.ts"

export interface OpenSshOptions extends SshProgram {
  /** How long logging in may take. */
  readonly loginWithin?: Duration.DurationInput
}

/**
 * Reaches servers on other machines through the system's own ssh, which does everything that the user's configuration asks
 * for. It never prompts.
 */
export const layerOpenSshOf = (options: OpenSshOptions): Layer.Layer<Transport> =>
  Layer.succeed(Transport, transportOf({ Ssh: openSshConnector(options) }))

export const layerOpenSsh: Layer.Layer<Transport> = Layer.suspend(() =>
  layerOpenSshOf({ variables: process.env })
)

export const openSshConnector =
  (options: OpenSshOptions): Connector<SshTarget> =>
  (target) =>
    Effect.gen(function* () {
      const { socket, stderr } = yield* openTunnel(options, target, options.loginWithin ?? "1 minute")
      const { exchange } = yield* wireOver(target.name, socket)
      return {
        exchange: (line, within) =>
          Effect.catchTag(exchange(line, within), "ServerUnreachable", (error) =>
            Effect.fail(explainSocket(target, stderr()) ?? error)
          )
      }
    })
