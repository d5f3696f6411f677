import * as Effect from "effect/Effect"
import { ServerUnreachable } from "../../domain/errors/server.ts"
import type { Destination } from "../../domain/server-registry/destination.ts"
import type { SshSettings } from "../../domain/ssh/ssh-settings.ts"
import type { SshConfig } from "../ssh-config/ssh-config.ts"

/** The hosts to go through in order; the server is on the last one. */
export type Route = readonly [...ReadonlyArray<SshSettings>, SshSettings]

const maxJumps = 8

/**
 * Resolves a destination and all jump hosts on the way as ssh does: the first host of a list is reached as its own
 * configuration says, every other one from the host before it.
 */
export const routeTo = (
  { resolve }: SshConfig["Type"],
  server: string,
  destination: Destination
): Effect.Effect<Route, ServerUnreachable> => {
  const extend = (
    destination: Destination,
    before: ReadonlyArray<Destination> | undefined,
    left: number
  ): Effect.Effect<Route, ServerUnreachable> =>
    Effect.gen(function* () {
      const settings = yield* resolve(server, destination)
      const jumps = before ?? settings.jumps
      const last = jumps[jumps.length - 1]
      if (last === undefined) return [settings]
      if (left === 0) {
        return yield* new ServerUnreachable({
          server,
          stage: "resolve",
          reason: `it takes more than ${maxJumps} jump hosts`,
          hint: "Look for a ProxyJump in ~/.ssh/config that applies to its own host."
        })
      }
      const route = yield* extend(last, jumps.length > 1 ? jumps.slice(0, -1) : undefined, left - 1)
      return [...route, settings]
    })
  return extend(destination, undefined, maxJumps)
}
