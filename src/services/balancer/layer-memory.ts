import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ListenFailed } from "../../domain/errors/front.ts"
import { type Address, Balancer, type FrontOptions } from "./balancer.ts"
import { MemoryFront, type OpenedFront } from "./memory-front.ts"

/** Every front that was opened, in order. */
export class OpenedFronts extends Context.Tag("tako/OpenedFronts")<
  OpenedFronts,
  Effect.Effect<ReadonlyArray<OpenedFront>>
>() {}

/** Fronts without a network: requests are sent by hand. */
export const layerMemory: Layer.Layer<Balancer | OpenedFronts> = Layer.effectContext(
  Effect.sync(() => {
    const fronts: Array<MemoryFront> = []
    const start = (listen: Address, options: FrontOptions) =>
      Effect.suspend(() => {
        const address = { ...listen, port: listen.port === 0 ? 40_000 + fronts.length : listen.port }
        if (fronts.some((front) => front.holds(address)))
          return Effect.fail(new ListenFailed({ ...address, code: "EADDRINUSE" }))
        const front = new MemoryFront(address, options)
        fronts.push(front)
        return Effect.succeed(front)
      })
    return Context.make(Balancer, {
      open: (listen, options = {}) =>
        Effect.map(
          Effect.acquireRelease(start(listen, options), (front) => front.close),
          (front) => front.front
        )
    }).pipe(
      Context.add(
        OpenedFronts,
        Effect.sync(() => fronts.map(({ opened }) => opened))
      )
    )
  })
)
