import * as Effect from "effect/Effect"
import { ServerUnreachable } from "../../domain/errors/server.ts"
import type { Destination } from "../../domain/server-registry/destination.ts"
import type { SshSettings } from "../../domain/ssh/ssh-settings.ts"
import type { SshConfig } from "../ssh-config/ssh-config.ts"

/** The hosts to go through, the last one being where the server is. */
export type Route = readonly [...ReadonlyArray<SshSettings>, SshSettings]

const longest = 8

/**
 * Resolves a destination and all jump hosts on the way, as ssh does it: the first one of a list is reached as its own
 * configuration says, each other one from the one before it.
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
          reason: `more than ${longest} jump hosts lead there`,
          hint: "Look for a ProxyJump in ~/.ssh/config that applies to its own host."
        })
      }
      const way = yield* extend(last, jumps.length > 1 ? jumps.slice(0, -1) : undefined, left - 1)
      return [...way, settings]
    })
  return extend(destination, undefined, longest)
}
