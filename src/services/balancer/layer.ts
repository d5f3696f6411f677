import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ListenFailed } from "../../domain/errors/listen.ts"
import { type Address, Balancer, type Front, type FrontOptions } from "./balancer.ts"
import { HttpFront } from "./http-front.ts"
import { awaitIdle, awaitRefusal } from "./rotation.ts"

/** Fronts in this process, on node:http. */
export const layer: Layer.Layer<Balancer> = Layer.succeed(Balancer, {
  open: (address, options = {}) =>
    Effect.map(
      Effect.acquireRelease(listen(address, options), (http) =>
        Effect.async<void>((resume) => http.close(() => resume(Effect.void)))
      ),
      (http) => frontOf(http, { host: address.host, port: http.port })
    )
})

const listen = (address: Address, { hold = 0, answerWithin = "60 seconds" }: FrontOptions) =>
  Effect.async<HttpFront, ListenFailed>((resume) => {
    const http = new HttpFront({
      hold: Duration.toMillis(hold),
      answerWithin: Duration.toMillis(answerWithin)
    })
    http.listen(address, (error) => {
      if (error === undefined) return resume(Effect.succeed(http))
      const failed = new ListenFailed({ ...address, code: error.code ?? "UNKNOWN" })
      http.close(() => resume(Effect.fail(failed)))
    })
  })

const frontOf = (http: HttpFront, address: Address): Front => {
  const { rotation } = http
  return {
    address,
    add: (backend) => Effect.sync(() => rotation.add(backend)?.closeAll()),
    drain: (backend, limit) =>
      Effect.suspend(() => {
        const upstream = rotation.find(backend)
        if (upstream === undefined) return Effect.succeed("finished")
        rotation.setState(upstream, "draining")
        upstream.closeIdle()
        return awaitIdle(upstream, limit)
      }),
    remove: (backend) => Effect.sync(() => rotation.remove(backend)?.closeAll()),
    suspend: Effect.sync(() => rotation.suspend()),
    refused: (backend) => awaitRefusal(rotation, backend),
    backends: Effect.sync(() => rotation.status())
  }
}
