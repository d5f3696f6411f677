import * as Layers from "../../layers.ts"
import { group } from "../command.ts"
import { provide } from "../provide.ts"
import { add } from "./add.ts"
import { ls } from "./ls.ts"
import { rm } from "./rm.ts"
import { status } from "./status.ts"

export const servers = group("servers", { summary: "Manage the servers you deploy to" }, [
  provide(add, Layers.servers),
  provide(ls, Layers.knownServers),
  provide(rm, Layers.knownServers),
  provide(status, Layers.servers)
])
