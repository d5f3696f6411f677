import * as Http from "node:http"
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { errnoOf } from "../files/attempt.ts"
import { type Answer, Health } from "./health.ts"
import { isShortage, listeners } from "./listeners.ts"

const patience = 2000
const field = "x-tako-internal-token"

/** On a connection of its own, of whose answer nothing but the head is read. */
export const ask = (instance: {
  readonly port: number
  readonly token: Redacted.Redacted<string>
}): Effect.Effect<Answer> =>
  Effect.async((resume) => {
    const token = Redacted.value(instance.token)
    const request = Http.request({
      host: "127.0.0.1",
      port: instance.port,
      path: "/status",
      agent: false,
      headers: { host: "tako.internal", [field]: token }
    })
    const overdue = setTimeout(() => tell("silent"), patience)
    const tell = (answer: Answer) => {
      clearTimeout(overdue)
      request.destroy()
      resume(Effect.succeed(answer))
    }
    request.on("response", ({ statusCode = 0, headers }) => {
      if (statusCode === 200 && headers[field] === token) tell("healthy")
      else tell(statusCode >= 500 ? "failing" : "other")
    })
    request.on("upgrade", (_, socket) => {
      socket.destroy()
      tell("other")
    })
    request.on("error", (error) => {
      const errno = errnoOf(error)
      tell(errno === "ECONNREFUSED" ? "refused" : isShortage(errno) ? "unasked" : "other")
    })
    request.end()
    return Effect.sync(() => {
      clearTimeout(overdue)
      request.destroy()
    })
  })

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
