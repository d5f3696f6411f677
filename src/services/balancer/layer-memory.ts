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
import { awaitIdle, awaitRefusal, Member, Rotation } from "./rotation.ts"

/** All fronts that were opened, in order. */
export class OpenedFronts extends Context.Tag("tako/OpenedFronts")<
  OpenedFronts,
  Effect.Effect<ReadonlyArray<OpenedFront>>
>() {}

/** Fronts without a network, which requests are sent to by hand. */
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

/** A call of a front's methods. */
export interface FrontCall {
  readonly _tag: "Added" | "Drained" | "Removed"
  readonly backend: Backend
}

/** A request in flight at a backend. */
export interface OngoingRequest {
  readonly backend: Backend
  /** Has the backend answer. */
  readonly answer: Effect.Effect<void>
  /** Waits for its end: a reset if its backend is removed, or the front closes, before it is answered. */
  readonly end: Effect.Effect<"answered" | "reset">
}

/** A front that was opened in memory, with the means to send requests to it. */
export interface OpenedFront {
  readonly address: Address
  readonly options: FrontOptions
  readonly isOpen: Effect.Effect<boolean>
  readonly calls: Effect.Effect<ReadonlyArray<FrontCall>>
  readonly backends: Effect.Effect<ReadonlyArray<BackendStatus>>
  /** Sends a request. None if it is answered 503, after the front has held it for as long as it may. */
  readonly request: Effect.Effect<Option.Option<OngoingRequest>>
  /** Has the backend refuse connections until it is added again. */
  readonly refuse: (backend: Backend) => Effect.Effect<void>
}

class MemoryMember extends Member {
  accepts = true
  readonly resets = new Set<Effect.Effect<void>>()
}

/** A front in memory, with its own methods and those of a test. */
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
          this.record("Added", backend)
          const replaced = rotation.add(backend)
          const member = rotation.find(backend)
          if (member !== undefined) member.accepts = true
          return reset(replaced)
        }),
      drain: (backend, limit) =>
        Effect.suspend(() => {
          this.record("Drained", backend)
          const member = rotation.find(backend)
          if (member === undefined) return Effect.succeed("finished")
          rotation.setState(member, "draining")
          return awaitIdle(member, limit)
        }),
      remove: (backend) =>
        Effect.suspend(() => {
          this.record("Removed", backend)
          return reset(rotation.remove(backend))
        }),
      suspend: Effect.sync(() => rotation.suspend()),
      refused: (backend) => awaitRefusal(rotation, backend)
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

  private record(_tag: FrontCall["_tag"], { id, port }: Backend): void {
    this.calls.push({ _tag, backend: { id, port } })
  }

  private request({ hold = 0 }: FrontOptions): OpenedFront["request"] {
    const { rotation } = this
    const attempt = (): OngoingRequest | undefined => {
      for (let chosen = rotation.choose(); chosen !== undefined; chosen = rotation.choose()) {
        if (chosen.accepts) return begin(chosen)
        rotation.setState(chosen, "refused")
      }
      return undefined
    }
    const added = Effect.async<void>((resume) => {
      const cancel = rotation.whenAdded(() => resume(Effect.void))
      // It may have been added before this waits.
      if (rotation.choose() !== undefined) resume(Effect.void)
      return Effect.sync(cancel)
    })
    return Effect.gen(function* () {
      const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(hold)
      // Tries again each time: by the time this resumes, what was added may be draining.
      for (;;) {
        const request = attempt()
        if (request !== undefined) return Option.some(request)
        const left = deadline - (yield* Clock.currentTimeMillis)
        if (rotation.isSuspended || left <= 0 || Option.isNone(yield* Effect.timeoutOption(added, left)))
          return Option.none()
      }
    })
  }
}

const begin = (member: MemoryMember): OngoingRequest => {
  const end = Deferred.unsafeMake<"answered" | "reset">(FiberId.none)
  const finish = (how: "answered" | "reset") =>
    Effect.map(Deferred.succeed(end, how), (first) => {
      if (!first) return
      member.resets.delete(abort)
      member.requestEnded()
    })
  const abort = finish("reset")
  member.requestBegun()
  member.resets.add(abort)
  return {
    backend: { id: member.id, port: member.port },
    answer: finish("answered"),
    end: Deferred.await(end)
  }
}

const reset = (member: MemoryMember | undefined): Effect.Effect<void> =>
  Effect.forEach(member?.resets ?? [], (abort) => abort, { discard: true })
