import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import type { RegisteredServer } from "../../domain/server-registry/registered-server.ts"
import type { Contract } from "../contract.ts"
import { ServerRegistry } from "./server-registry.ts"

export const la: RegisteredServer = { name: "la", socket: "/run/tako/tako.sock", ssh: { host: "la.example" } }
export const ams: RegisteredServer = {
  name: "ams",
  socket: "/srv/tako.sock",
  ssh: { host: "10.0.0.7", port: 2222, user: "deploy" }
}
export const v6: RegisteredServer = { name: "v6", socket: "/s", ssh: { host: "fe80::1%eth0" } }

/** What every ServerRegistry must do, without servers at first. */
export const contract: Contract<ServerRegistry> = [
  {
    name: "has no servers at first, and keeps their order",
    run: Effect.gen(function* () {
      const servers = yield* ServerRegistry
      Assert.deepEqual(yield* servers.all, [])
      for (const each of [la, ams, v6]) yield* servers.add(each)
      Assert.deepEqual(yield* servers.all, [la, ams, v6])
      yield* servers.remove("ams")
      Assert.deepEqual(yield* servers.all, [la, v6])
      yield* servers.add(ams)
      Assert.deepEqual(yield* servers.all, [la, v6, ams])
    })
  },

  {
    name: "has unique names, and suggests one for an unknown name",
    run: Effect.gen(function* () {
      const servers = yield* ServerRegistry
      yield* servers.add(ams)
      const twice = yield* Effect.flip(servers.add({ ...la, name: "ams" }))
      Assert.ok(twice._tag === "ServerExists" && twice.destination === "deploy@10.0.0.7:2222")
      const typo = yield* Effect.flip(servers.remove("asm"))
      Assert.ok(typo._tag === "ServerNotFound" && typo.suggestion === "ams")
      Assert.deepEqual(yield* servers.all, [ams])
    })
  }
]
