import * as Effect from "effect/Effect"
import { type Destination, shownDestination } from "../../../domain/server-registry/destination.ts"
import { sshTarget } from "../../../domain/server-registry/registered-server.ts"
import type { Target } from "../../../domain/target.ts"
import { ServerRegistry } from "../../../services/server-registry/server-registry.ts"
import { leaf } from "../command.ts"
import { Style } from "../context.ts"
import { jsonFlag, outJson, outTable, say } from "../output.ts"
import { headings } from "../table.ts"

export const ls = leaf(
  "ls",
  {
    aliases: ["list"],
    summary: "List the servers you have added",
    example: "tako servers ls",
    flags: { json: jsonFlag }
  },
  ({ json }) =>
    Effect.gen(function* () {
      const servers = yield* Effect.flatMap(ServerRegistry, ({ all }) => all)
      if (json) return yield* outJson({ servers: servers.map((server) => toJson(sshTarget(server))) })
      if (servers.length === 0) return yield* say(noServers)
      const { out } = yield* Style
      yield* outTable([
        headings("SERVER", "HOST", "SOCKET")(out),
        ...servers.map(({ name, ssh, socket }) => [name, shownDestination(ssh), socket])
      ])
    })
)

export const noServers = "There are no servers yet. To add one: tako servers add NAME HOST"

/** Absent settings are null, as is the host of the server on this machine. */
export const toJson = (target: Target) => {
  const ssh: Partial<Destination> = target._tag === "Ssh" ? target.ssh : {}
  return {
    name: target.name,
    host: ssh.host ?? null,
    port: ssh.port ?? null,
    user: ssh.user ?? null,
    socket: "socket" in target ? target.socket : null
  }
}
