import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Balancer, type Front } from "../../../src/services/balancer/balancer.ts"
import { layer } from "../../../src/services/balancer/layer.ts"
import { layerMemory, OpenedFronts } from "../../../src/services/balancer/layer-memory.ts"
import { contract } from "./contract.ts"
import { network } from "./world.ts"

const opened = ({ address }: Front) =>
  Effect.flatMap(OpenedFronts, (fronts) =>
    Effect.map(fronts, (all) =>
      Option.getOrThrow(Option.fromNullable(all.find((each) => each.address === address)))
    )
  )

let port = 20_000

contract("Balancer over HTTP", layer, network)
contract("Balancer in memory", layerMemory, {
  backend: (id) => Effect.sync(() => ({ id, port: port++ })),
  request: (front) => Effect.flatMap(opened(front), ({ request }) => request),
  refuse: (front, backend) => Effect.flatMap(opened(front), ({ refuse }) => refuse(backend))
})

describe("Balancer in memory", () => {
  it.effect("tells what was asked of each front, in order, and what it was opened with", () =>
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
})
