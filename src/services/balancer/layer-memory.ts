import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { ListenFailed } from "../../domain/errors/listen.ts"
import {
  type Address,
  type Backend,
  type BackendStatus,
  Balancer,
  type Front,
  type FrontOptions
} from "./balancer.ts"
import { Member, Rotation, untilIdle, untilRefused } from "./rotation.ts"

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

/** What was asked of a front. */
export interface FrontCall {
  readonly _tag: "Added" | "Drained" | "Removed"
  readonly backend: Backend
}

/** A request that a backend has. */
export interface OngoingRequest {
  readonly backend: Backend
  /** The backend answers. */
  readonly answer: Effect.Effect<void>
  /** Waits for its end; it is reset when its backend is removed, or the front closes, before the answer. */
  readonly end: Effect.Effect<"answered" | "reset">
}

/** A front that was opened in memory, and the means to send requests to it. */
export interface OpenedFront {
  readonly address: Address
  readonly options: FrontOptions
  readonly isOpen: Effect.Effect<boolean>
  /** In order. */
  readonly calls: Effect.Effect<ReadonlyArray<FrontCall>>
  readonly backends: Effect.Effect<ReadonlyArray<BackendStatus>>
  /** None for one that is answered 503, after the time for which the front holds it. */
  readonly request: Effect.Effect<Option.Option<OngoingRequest>>
  /** From now on the backend accepts no connection, until it is added again. */
  readonly refuse: (backend: Backend) => Effect.Effect<void>
}

class MemoryMember extends Member {
  accepts = true
  readonly resets = new Set<Effect.Effect<void>>()
}

/** One front of the layer in memory, from both of its sides. */
class MemoryFront {
  readonly front: Front
  readonly opened: OpenedFront
  private readonly rotation = new Rotation((backend) => new MemoryMember(backend))
  private readonly calls: Array<FrontCall> = []
  private isOpen = true

  constructor(address: Address, options: FrontOptions) {
    const { rotation } = this
    const backends = Effect.sync(() => rotation.status())
    this.front = {
      address,
      backends,
      add: (backend) =>
        Effect.suspend(() => {
          this.called("Added", backend)
          const replaced = rotation.add(backend)
          const member = rotation.find(backend)
          if (member !== undefined) member.accepts = true
          return reset(replaced)
        }),
      drain: (backend, limit) =>
        Effect.suspend(() => {
          this.called("Drained", backend)
          const member = rotation.find(backend)
          if (member === undefined) return Effect.succeed("finished")
          rotation.put(member, "draining")
          return untilIdle(member, limit)
        }),
      remove: (backend) =>
        Effect.suspend(() => {
          this.called("Removed", backend)
          return reset(rotation.remove(backend))
        }),
      refused: (backend) => untilRefused(rotation, backend)
    }
    this.opened = {
      address,
      options,
      backends,
      isOpen: Effect.sync(() => this.isOpen),
      calls: Effect.sync(() => [...this.calls]),
      request: this.request(options),
      refuse: (backend) =>
        Effect.sync(() => {
          const member = rotation.find(backend)
          if (member !== undefined) member.accepts = false
        })
    }
  }

  holds({ host, port }: Address): boolean {
    return this.isOpen && this.front.address.host === host && this.front.address.port === port
  }

  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.isOpen = false
    return Effect.forEach(this.rotation.all(), reset, { discard: true })
  })

  private called(_tag: FrontCall["_tag"], { id, port }: Backend): void {
    this.calls.push({ _tag, backend: { id, port } })
  }

  private request({ hold = 0 }: FrontOptions): OpenedFront["request"] {
    const { rotation } = this
    const begun = (): OngoingRequest | undefined => {
      for (let chosen = rotation.choose(); chosen !== undefined; chosen = rotation.choose()) {
        if (chosen.accepts) return begin(chosen)
        rotation.put(chosen, "refused")
      }
      return undefined
    }
    const added = Effect.async<void>((resume) => {
      const stop = rotation.hold(() => resume(Effect.void))
      // It may have come before anybody waited for it.
      if (rotation.choose() !== undefined) resume(Effect.void)
      return Effect.sync(stop)
    })
    return Effect.gen(function* () {
      const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(hold)
      // Whoever was waiting asks again: what was added may be draining by the time that it hears of it.
      for (;;) {
        const request = begun()
        if (request !== undefined) return Option.some(request)
        const left = deadline - (yield* Clock.currentTimeMillis)
        if (left <= 0 || Option.isNone(yield* Effect.timeoutOption(added, left))) return Option.none()
      }
    })
  }
}

/** It is in flight from this very moment. */
const begin = (member: MemoryMember): OngoingRequest => {
  const end = Deferred.unsafeMake<"answered" | "reset">(FiberId.none)
  const finish = (how: "answered" | "reset") =>
    Effect.map(Deferred.succeed(end, how), (first) => {
      if (!first) return
      member.resets.delete(abort)
      member.end()
    })
  const abort = finish("reset")
  member.begin()
  member.resets.add(abort)
  return {
    backend: { id: member.id, port: member.port },
    answer: finish("answered"),
    end: Deferred.await(end)
  }
}

const reset = (member: MemoryMember | undefined): Effect.Effect<void> =>
  Effect.forEach(member?.resets ?? [], (abort) => abort, { discard: true })
