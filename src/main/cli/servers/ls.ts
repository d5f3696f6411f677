import * as Effect from "effect/Effect"
import { shownDestination } from "../../../domain/servers/destination.ts"
import type { ServerEntry } from "../../../domain/servers/server-entry.ts"
import { Servers } from "../../../services/servers/servers.ts"
import { leaf } from "../command.ts"
import { jsonFlag, outJson, outTable, say } from "../output.ts"
import { Style } from "../style.ts"
import type { Cell } from "../table.ts"

export const ls = leaf(
  "ls",
  {
    aliases: ["list"],
    summary: "The servers that you have added",
    example: "tako servers ls",
    flags: { json: jsonFlag }
  },
  ({ json }) =>
    Effect.gen(function* () {
      const servers = yield* Effect.flatMap(Servers, ({ all }) => all)
      if (json) return yield* outJson({ servers: servers.map(toJson) })
      if (servers.length === 0) return yield* say(noServers)
      const { out } = yield* Style
      yield* outTable([
        ["SERVER", "HOST", "SOCKET"].map((heading): Cell => [heading, out.bold]),
        ...servers.map(({ name, ssh, socket }) => [name, shownDestination(ssh), socket])
      ])
    })
)

export const noServers = "There are no servers yet: tako servers add NAME HOST"

/** What is not given is null. */
export const toJson = ({ name, socket, ssh: { host, port, user } }: ServerEntry) => ({
  name,
  host,
  port: port ?? null,
  user: user ?? null,
  socket
})
