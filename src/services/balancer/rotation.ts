import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Backend, BackendState, BackendStatus, DrainResult } from "./balancer.ts"

/** A backend in a rotation, with its number of requests in flight. */
export class Member implements BackendStatus {
  readonly id: string
  readonly port: number
  state: BackendState = "serving"
  inFlight = 0
  /** A connection to it broke a moment ago, so it may be about to end. */
  isSuspect = false
  private readonly idleListeners = new Set<() => void>()
  private readonly refusalListeners = new Set<() => void>()

  constructor({ id, port }: Backend) {
    this.id = id
    this.port = port
  }

  requestBegun(): void {
    this.inFlight++
  }

  requestEnded(): void {
    this.inFlight--
    if (this.inFlight > 0) return
    for (const listener of this.idleListeners) listener()
  }

  /** Calls the listener each time that nothing is in flight any more. Returns what unsubscribes it. */
  onIdle(listener: () => void): () => void {
    this.idleListeners.add(listener)
    return () => this.idleListeners.delete(listener)
  }

  /** Calls the listener each time that the backend refuses a connection. Returns what unsubscribes it. */
  onRefusal(listener: () => void): () => void {
    this.refusalListeners.add(listener)
    return () => this.refusalListeners.delete(listener)
  }

  connectionRefused(): void {
    for (const listener of this.refusalListeners) listener()
  }
}

/** Chooses the backend of each request: one with the fewest in flight, round robin among equals; a suspect one last. */
export class Rotation<M extends Member> {
  private members: ReadonlyArray<M> = []
  private serving: ReadonlyArray<M> = []
  private next = 0
  /** Whether nobody expects another member soon. */
  isSuspended = false
  private readonly waiting = new Set<(member: M) => void>()
  private readonly make: (backend: Backend) => M

  constructor(make: (backend: Backend) => M) {
    this.make = make
  }

  /** Returns the member that had this id on another port, if any: its connections have to be closed. */
  add(backend: Backend): M | undefined {
    this.isSuspended = false
    const known = this.find(backend)
    const replaced = known !== undefined && known.port !== backend.port ? this.remove(known) : undefined
    const member = this.find(backend) ?? this.make(backend)
    if (!this.members.includes(member)) this.members = [...this.members, member]
    this.setState(member, "serving")
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const serve of waiting) serve(this.choose() ?? member)
    return replaced
  }

  suspend(): void {
    this.isSuspended = true
  }

  setState(member: M, state: BackendState): void {
    member.state = state
    this.serving = this.members.filter((each) => each.state === "serving")
    if (state === "refused") member.connectionRefused()
  }

  remove(backend: Backend): M | undefined {
    const member = this.find(backend)
    this.members = this.members.filter((each) => each !== member)
    this.serving = this.serving.filter((each) => each !== member)
    return member
  }

  find({ id }: Backend): M | undefined {
    return this.members.find((member) => member.id === id)
  }

  /** Avoids `other` if another member is serving. */
  choose(other?: M): M | undefined {
    const { serving } = this
    const { length } = serving
    if (length <= 1) return serving[0]
    this.next = (this.next + 1) % length
    let best: M | undefined
    for (let i = 0; i < length && (best === undefined || best.inFlight > 0 || best.isSuspect); i++) {
      const each = serving[(this.next + i) % length] as M
      if (each !== other && (best === undefined || isBetter(each, best))) best = each
    }
    return best
  }

  /** Calls `serve` with a member as soon as one is added. Returns what cancels that. */
  whenAdded(serve: (member: M) => void): () => void {
    this.waiting.add(serve)
    return () => this.waiting.delete(serve)
  }

  all(): ReadonlyArray<M> {
    return this.members
  }

  status(): ReadonlyArray<BackendStatus> {
    return this.members.map(({ id, port, state, inFlight }) => ({ id, port, state, inFlight }))
  }
}

const isBetter = (one: Member, other: Member): boolean =>
  one.isSuspect === other.isSuspect ? one.inFlight < other.inFlight : other.isSuspect

/** Waits until nothing is in flight, but no longer than the limit. */
export const awaitIdle = (member: Member, limit: Duration.DurationInput): Effect.Effect<DrainResult> =>
  Effect.suspend(() => {
    if (member.inFlight === 0) return Effect.succeed("finished")
    const idle = Effect.async<void>((resume) => {
      const unsubscribe = member.onIdle(() => resume(Effect.void))
      return Effect.sync(unsubscribe)
    })
    return Effect.timeoutTo(idle, {
      duration: limit,
      onSuccess: (): DrainResult => "finished",
      onTimeout: (): DrainResult => (member.inFlight === 0 ? "finished" : "limit")
    })
  })

/** Waits until the backend has refused a connection. */
export const awaitRefusal = <M extends Member>(
  rotation: Rotation<M>,
  backend: Backend
): Effect.Effect<void> =>
  Effect.async((resume) => {
    const member = rotation.find(backend)
    if (member?.state === "refused") return resume(Effect.void)
    const unsubscribe = member?.onRefusal(() => resume(Effect.void))
    return Effect.sync(() => unsubscribe?.())
  })
