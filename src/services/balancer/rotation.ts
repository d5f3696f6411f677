import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Backend, BackendState, BackendStatus, Drained } from "./balancer.ts"

/** A backend in a rotation, with the count of what it has to do. */
export class Member implements BackendStatus {
  readonly id: string
  readonly port: number
  state: BackendState = "serving"
  inFlight = 0
  /** A connection to it broke a moment ago: it may be about to end. */
  isDoubtful = false
  private readonly waiting = new Set<() => void>()
  private readonly watching = new Set<() => void>()

  constructor({ id, port }: Backend) {
    this.id = id
    this.port = port
  }

  begin(): void {
    this.inFlight++
  }

  end(): void {
    this.inFlight--
    if (this.inFlight > 0) return
    for (const idle of this.waiting) idle()
  }

  /** Calls back, each time that nothing is in flight any more, until what it returns is called. */
  onIdle(idle: () => void): () => void {
    this.waiting.add(idle)
    return () => this.waiting.delete(idle)
  }

  refuse(): void {
    for (const refused of this.watching) refused()
  }

  /** Calls back, each time that it has refused a connection, until what it returns is called. */
  onRefused(refused: () => void): () => void {
    this.watching.add(refused)
    return () => this.watching.delete(refused)
  }
}

/** Which backend gets the next request: one of those with the fewest in flight, in turn; a doubtful one, if all are. */
export class Rotation<M extends Member> {
  private members: ReadonlyArray<M> = []
  private serving: ReadonlyArray<M> = []
  private next = 0
  private readonly held = new Set<(member: M) => void>()
  private readonly make: (backend: Backend) => M

  constructor(make: (backend: Backend) => M) {
    this.make = make
  }

  /** What has had this id on another port is in the answer: it is to be dropped. */
  add(backend: Backend): M | undefined {
    const known = this.find(backend)
    const replaced = known !== undefined && known.port !== backend.port ? this.remove(known) : undefined
    const member = this.find(backend) ?? this.make(backend)
    if (!this.members.includes(member)) this.members = [...this.members, member]
    this.put(member, "serving")
    const waiting = [...this.held]
    this.held.clear()
    for (const serve of waiting) serve(this.choose() ?? member)
    return replaced
  }

  put(member: M, state: BackendState): void {
    member.state = state
    this.serving = this.members.filter((each) => each.state === "serving")
    if (state === "refused") member.refuse()
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

  /** One that is not `other`, if there is one. */
  choose(other?: M): M | undefined {
    const { serving } = this
    const { length } = serving
    if (length <= 1) return serving[0]
    this.next = (this.next + 1) % length
    let best: M | undefined
    for (let i = 0; i < length && (best === undefined || best.inFlight > 0 || best.isDoubtful); i++) {
      const each = serving[(this.next + i) % length] as M
      if (each !== other && (best === undefined || isBetter(each, best))) best = each
    }
    return best
  }

  /** Gives it the next backend that is added, unless what this returns is called before. */
  hold(serve: (member: M) => void): () => void {
    this.held.add(serve)
    return () => this.held.delete(serve)
  }

  all(): ReadonlyArray<M> {
    return this.members
  }

  status(): ReadonlyArray<BackendStatus> {
    return this.members.map(({ id, port, state, inFlight }) => ({ id, port, state, inFlight }))
  }
}

const isBetter = (one: Member, other: Member): boolean =>
  one.isDoubtful === other.isDoubtful ? one.inFlight < other.inFlight : other.isDoubtful

/** Waits until nothing is in flight, at most for the limit. */
export const untilIdle = (member: Member, limit: Duration.DurationInput): Effect.Effect<Drained> =>
  Effect.suspend(() => {
    if (member.inFlight === 0) return Effect.succeed("finished")
    const idle = Effect.async<void>((resume) => {
      const stop = member.onIdle(() => resume(Effect.void))
      return Effect.sync(stop)
    })
    return Effect.timeoutTo(idle, {
      duration: limit,
      onSuccess: (): Drained => "finished",
      onTimeout: (): Drained => (member.inFlight === 0 ? "finished" : "limit")
    })
  })

/** Waits until the backend has refused a connection. */
export const untilRefused = <M extends Member>(
  rotation: Rotation<M>,
  backend: Backend
): Effect.Effect<void> =>
  Effect.async((resume) => {
    const member = rotation.find(backend)
    if (member?.state === "refused") return resume(Effect.void)
    const stop = member?.onRefused(() => resume(Effect.void))
    return Effect.sync(() => stop?.())
  })
