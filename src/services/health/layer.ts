import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { errnoOf } from "../files/attempt.ts"
import { ask } from "./ask.ts"
import { Health } from "./health.ts"
import { listeners } from "./listeners.ts"
import { isShortage } from "./shortage.ts"

/** Over loopback, and by what /proc tells. */
export const layer: Layer.Layer<Health> = Layer.succeed(Health, {
  ask,
  accepts: (port) =>
    Effect.async((resume) => {
      const socket = Net.connect({ host: "127.0.0.1", port })
      const tell = (accepts: boolean | "unasked") => {
        socket.destroy()
        resume(Effect.succeed(accepts))
      }
      socket.setTimeout(patience, () => tell(false))
      socket.once("connect", () => tell(true))
      socket.on("error", (error) => tell(isShortage(errnoOf(error)) ? "unasked" : false))
      return Effect.sync(() => socket.destroy())
    }),
  listeners: (port) => Effect.sync(() => listeners(port)),
  freePort: Effect.async<number>((resume) => {
    const server = Net.createServer()
    server.once("error", (error) => resume(Effect.die(error)))
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as Net.AddressInfo
      server.close(() => resume(Effect.succeed(port)))
    })
  })
})

const patience = 2000
