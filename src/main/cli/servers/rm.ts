import * as Effect from "effect/Effect"
import { ServerRegistry } from "../../../services/server-registry/server-registry.ts"
import { argument, leaf } from "../command.ts"
import { say } from "../output.ts"

export const rm = leaf(
  "rm",
  {
    aliases: ["remove", "delete"],
    summary: "Remove a server from the list; nothing changes on it",
    example: "tako servers rm la",
    arguments: { name: argument.text("NAME", { holds: "added-server" }) }
  },
  ({ name }) =>
    Effect.gen(function* () {
      const servers = yield* ServerRegistry
      yield* servers.remove(name)
      yield* say(`Removed server ${name}; its apps keep running`)
    })
)
