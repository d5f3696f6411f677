import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { Balancer, type Front } from "../../../src/services/balancer/balancer.ts"
import { contractOf } from "../../../src/services/balancer/contract.ts"
import { layer } from "../../../src/services/balancer/layer.ts"
import { layerMemory, OpenedFronts } from "../../../src/services/balancer/layer-memory.ts"
import { testContract } from "../../support/contract.ts"
import { suspended } from "../../support/suspended.ts"
import { network } from "./world.ts"

const opened = ({ address }: Front) =>
  Effect.flatMap(OpenedFronts, (fronts) =>
    Effect.map(fronts, (all) =>
      Option.getOrThrow(Option.fromNullable(all.find((each) => each.address === address)))
    )
  )

let port = 20_000

testContract("Balancer over HTTP", contractOf(network), layer)
testContract(
  "Balancer in memory",
  contractOf({
    backend: (id) => Effect.sync(() => ({ id, port: port++ })),
    request: (front) => Effect.flatMap(opened(front), ({ request }) => request),
    refuse: (front, backend) => Effect.flatMap(opened(front), ({ refuse }) => refuse(backend))
  }),
  layerMemory
)

describe("Balancer in memory", () => {
  it.effect("records the calls of each front in order, and the options it was opened with", () =>
    Effect.gen(function* () {
      const balancer = yield* Balancer
      yield* Effect.scoped(
        Effect.gen(function* () {
          const front = yield* balancer.open({ host: "127.0.0.1", port: 3000 }, { hold: "5 seconds" })
          yield* front.add({ id: "a", port: 1 })
          yield* front.add({ id: "b", port: 2 })
          yield* front.drain({ id: "a", port: 1 }, "1 second")
          yield* front.remove({ id: "a", port: 1 })
        })
      )
      const [front] = yield* yield* OpenedFronts
      assert.deepStrictEqual(
        (yield* front?.calls ?? Effect.succeed([])).map(({ _tag, backend }) => `${_tag} ${backend.id}`),
        ["Added a", "Added b", "Drained a", "Removed a"]
      )
      assert.deepStrictEqual(front?.options, { hold: "5 seconds" })
      assert.isFalse(yield* front?.isOpen ?? Effect.succeed(true))
    }).pipe(Effect.provide(layerMemory))
  )

  it.scopedLive("does not give a waiting request to a backend that drains by then", () =>
    Effect.gen(function* () {
      const balancer = yield* Balancer
      const front = yield* balancer.open({ host: "127.0.0.1", port: 3000 }, { hold: "10 seconds" })
      const { request } = yield* opened(front)
      const waiting = yield* Effect.fork(request)
      yield* suspended(waiting)
      const old = { id: "old", port: 1 }
      yield* Effect.zipRight(front.add(old), front.drain(old, 0))
      yield* front.add({ id: "young", port: 2 })
      const begun = Option.getOrThrow(yield* Fiber.join(waiting))
      assert.strictEqual(begun.backend.id, "young")
      const inFlight = (yield* front.backends).map(({ id, inFlight }) => `${id} ${inFlight}`)
      assert.deepStrictEqual(inFlight, ["old 0", "young 1"])
    }).pipe(Effect.provide(layerMemory))
  )
})
