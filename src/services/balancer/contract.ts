import * as Assert from "node:assert/strict"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Contract } from "../contract.ts"
import { type Backend, Balancer, type Front, resumeRefused } from "./balancer.ts"
import type { OngoingRequest } from "./layer-memory.ts"

/** What surrounds a front: instances that wait before they answer, and clients. */
export interface World<R> {
  readonly backend: (id: string) => Effect.Effect<Backend, never, Scope.Scope>
  /** None if it is answered 503. */
  readonly request: (front: Front) => Effect.Effect<Option.Option<OngoingRequest>, never, R>
  /** Has the backend refuse connections. */
  readonly refuse: (front: Front, backend: Backend) => Effect.Effect<void, never, R>
}

const loopback = { host: "127.0.0.1", port: 0 }

/** What every Balancer must do, among instances and clients of yours. */
export const contractOf = <R>(world: World<R>): Contract<Balancer | R> => {
  const open = Effect.flatMap(Balancer, (balancer) => balancer.open(loopback))
  const two = Effect.gen(function* () {
    const front = yield* open
    const old = yield* world.backend("old")
    const young = yield* world.backend("young")
    return { front, old, young }
  })
  const ongoing = (front: Front) => Effect.map(world.request(front), Option.getOrThrow)
  const inFlight = (front: Front) =>
    Effect.map(front.backends, (all) => all.map(({ id, state, inFlight }) => `${id} ${state} ${inFlight}`))
  const until = (front: Front, ...wanted: ReadonlyArray<string>): Effect.Effect<void> =>
    Effect.gen(function* () {
      for (;;) {
        if (`${yield* inFlight(front)}` === `${wanted}`) return
        yield* Effect.sleep(2)
      }
    }).pipe(
      Effect.timeout("30 seconds"),
      Effect.orDieWith(() => new Error(`never was ${wanted}`))
    )

  return [
    {
      name: "listens on a port chosen by the system, and keeps it until the scope closes",
      run: Effect.gen(function* () {
        const balancer = yield* Balancer
        const scope = yield* Scope.make()
        const first = yield* Scope.extend(balancer.open(loopback), scope)
        const second = yield* balancer.open(loopback)
        Assert.notEqual(first.address.port, second.address.port)
        Assert.ok(first.address.port > 0)
        const failed = yield* Effect.flip(balancer.open(first.address))
        Assert.deepEqual(
          [failed._tag, failed.code, failed.port],
          ["ListenFailed", "EADDRINUSE", first.address.port]
        )
        yield* Scope.close(scope, Exit.void)
        Assert.deepEqual((yield* balancer.open(first.address)).address, first.address)
      })
    },

    {
      name: "answers 503 without a backend, and sends requests to one that is added",
      run: Effect.gen(function* () {
        const { front, old } = yield* two
        Assert.ok(Option.isNone(yield* world.request(front)))
        yield* front.add(old)
        const request = yield* ongoing(front)
        Assert.deepEqual(request.backend, old)
        Assert.deepEqual(yield* inFlight(front), ["old serving 1"])
        yield* request.answer
        Assert.equal(yield* request.end, "answered")
        yield* until(front, "old serving 0")
      })
    },

    {
      name: "sends a request to the backend with the fewest in flight, in turn among equals",
      run: Effect.gen(function* () {
        const { front, old, young } = yield* two
        yield* front.add(old)
        yield* front.add(young)
        const first = yield* ongoing(front)
        const second = yield* ongoing(front)
        Assert.deepEqual([first.backend.id, second.backend.id].sort(), ["old", "young"])
        yield* first.answer
        yield* first.end
        yield* until(
          front,
          ...["old", "young"].map((id) => `${id} serving ${id === second.backend.id ? 1 : 0}`)
        )
        const third = yield* ongoing(front)
        Assert.equal(third.backend.id, first.backend.id)
        yield* third.answer
        yield* second.answer
      })
    },

    {
      name: "drains a backend: it gets no more requests, and finishes those it has",
      run: Effect.gen(function* () {
        const { front, old, young } = yield* two
        yield* front.add(old)
        const last = yield* ongoing(front)
        yield* front.add(young)
        const drain = yield* Effect.fork(front.drain(old, "10 seconds"))
        yield* until(front, "old draining 1", "young serving 0")
        for (let i = 0; i < 3; i++) {
          const request = yield* ongoing(front)
          Assert.equal(request.backend.id, "young")
          yield* request.answer
          yield* request.end
        }
        Assert.ok(Option.isNone(yield* Fiber.poll(drain)))
        yield* last.answer
        Assert.equal(yield* last.end, "answered")
        Assert.equal(yield* Fiber.join(drain), "finished")
        yield* front.remove(old)
        yield* until(front, "young serving 0")
      })
    },

    {
      name: "reports that a drain reached its limit, and leaves requests in flight alone until the backend is removed",
      run: Effect.gen(function* () {
        const { front, old } = yield* two
        yield* front.add(old)
        const last = yield* ongoing(front)
        Assert.equal(yield* front.drain(old, 20), "limit")
        Assert.deepEqual(yield* inFlight(front), ["old draining 1"])
        yield* front.remove(old)
        Assert.equal(yield* last.end, "reset")
        Assert.deepEqual(yield* front.backends, [])
      })
    },

    {
      name: "ends the drain of a backend that is removed, and of an unknown one",
      run: Effect.gen(function* () {
        const { front, old, young } = yield* two
        yield* front.add(old)
        const last = yield* ongoing(front)
        const drain = yield* Effect.fork(front.drain(old, "10 seconds"))
        yield* until(front, "old draining 1")
        yield* front.remove(old)
        Assert.equal(yield* Fiber.join(drain), "finished")
        Assert.equal(yield* last.end, "reset")
        Assert.equal(yield* front.drain(young, "10 seconds"), "finished")
        yield* front.remove(young)
      })
    },

    {
      name: "ends a drain when the backend is added again, and does nothing when it is added twice",
      run: Effect.gen(function* () {
        const { front, old } = yield* two
        yield* front.add(old)
        yield* front.add(old)
        yield* front.drain(old, 0)
        Assert.ok(Option.isNone(yield* world.request(front)))
        yield* front.add(old)
        const request = yield* ongoing(front)
        Assert.deepEqual(yield* inFlight(front), ["old serving 1"])
        yield* request.answer
      })
    },

    {
      name: "skips a backend that refuses a connection, and sends the request to the next one",
      run: Effect.gen(function* () {
        const { front, old, young } = yield* two
        yield* front.add(old)
        yield* front.add(young)
        yield* world.refuse(front, old)
        for (let i = 0; i < 4; i++) {
          const request = yield* ongoing(front)
          Assert.equal(request.backend.id, "young")
          yield* request.answer
          yield* request.end
        }
        yield* until(front, "old refused 0", "young serving 0")
      })
    },

    {
      name: "reports a refusal, and sends requests again once the backend accepts connections",
      run: Effect.gen(function* () {
        const { front, old, young } = yield* two
        yield* front.add(old)
        yield* front.add(young)
        let accepts = false
        const check = Effect.sync(() => accepts)
        yield* Effect.forkScoped(resumeRefused(front, old, check))
        const refused = yield* Effect.fork(front.refused(old))
        yield* Effect.sleep(20)
        Assert.ok(Option.isNone(yield* Fiber.poll(refused)))
        yield* world.refuse(front, old)
        for (let i = 0; i < 2; i++) {
          const request = yield* ongoing(front)
          yield* request.answer
          yield* request.end
        }
        yield* Fiber.join(refused)
        yield* front.refused(old)
        yield* until(front, "old refused 0", "young serving 0")
        accepts = true
        yield* until(front, "old serving 0", "young serving 0")
      })
    },

    {
      name: "sends no requests to a backend that accepts connections again while it drains",
      run: Effect.gen(function* () {
        const { front, old, young } = yield* two
        yield* front.add(old)
        yield* front.add(young)
        const checked = yield* Deferred.make<void>()
        const accepts = yield* Deferred.make<boolean>()
        const check = Effect.zipRight(Deferred.succeed(checked, undefined), Deferred.await(accepts))
        const resuming = yield* Effect.fork(resumeRefused(front, old, check))
        yield* world.refuse(front, old)
        for (let i = 0; i < 2; i++) {
          const request = yield* ongoing(front)
          yield* request.answer
          yield* request.end
        }
        yield* Deferred.await(checked)
        yield* front.drain(old, "1 second")
        yield* Deferred.succeed(accepts, true)
        yield* Effect.sleep(20)
        yield* until(front, "old draining 0", "young serving 0")
        yield* Fiber.interrupt(resuming)
      })
    },

    {
      name: "holds a request until a backend is added, if that happens in time",
      run: Effect.gen(function* () {
        const balancer = yield* Balancer
        const patient = yield* balancer.open(loopback, { hold: "10 seconds" })
        const old = yield* world.backend("old")
        const waiting = yield* Effect.fork(ongoing(patient))
        yield* Effect.sleep(20)
        Assert.ok(Option.isNone(yield* Fiber.poll(waiting)))
        yield* patient.add(old)
        const request = yield* Fiber.join(waiting)
        Assert.deepEqual(request.backend, old)
        yield* request.answer
        Assert.equal(yield* request.end, "answered")
        const impatient = yield* balancer.open(loopback, { hold: 20 })
        Assert.ok(Option.isNone(yield* world.request(impatient)))
      })
    },

    {
      name: "holds no request while it is suspended",
      run: Effect.gen(function* () {
        const balancer = yield* Balancer
        const front = yield* balancer.open(loopback, { hold: "10 minutes" })
        yield* front.suspend
        Assert.ok(Option.isNone(yield* world.request(front)))
        const added = yield* world.backend("added")
        yield* front.add(added)
        const request = yield* ongoing(front)
        Assert.deepEqual(request.backend, added)
        yield* request.answer
        yield* request.end
        yield* front.remove(added)
        const waiting = yield* Effect.fork(world.request(front))
        yield* Effect.sleep(20)
        Assert.ok(Option.isNone(yield* Fiber.poll(waiting)))
        yield* Fiber.interrupt(waiting)
      })
    },

    {
      name: "resets requests in flight when its scope closes",
      run: Effect.gen(function* () {
        const balancer = yield* Balancer
        const scope = yield* Scope.make()
        const front = yield* Scope.extend(balancer.open(loopback), scope)
        yield* front.add(yield* world.backend("old"))
        const request = yield* ongoing(front)
        yield* Scope.close(scope, Exit.void)
        Assert.equal(yield* request.end, "reset")
      })
    }
  ]
}
