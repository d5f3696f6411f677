import * as Effect from "effect/Effect"
import { sequential } from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type ListenAddress, urlOf } from "../../domain/dev-address.ts"
import type { ListenFailed } from "../../domain/errors/listen.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { type Backend, Balancer, type Front, resumeRefused } from "../../services/balancer/balancer.ts"
import { Health } from "../../services/health/health.ts"
import type { RunningProcess } from "../../services/process-spawner/process-spawner.ts"
import type { Notice } from "./dev.ts"

/** How long a request waits while there is no program to answer it. */
const hold = "30 seconds"
/** How long a program that is to be restarted may take for the requests that it has: a page's WebSocket never ends. */
const limit = "1 second"

type Addresses = readonly [ListenAddress, ...ReadonlyArray<ListenAddress>]

/** The program's place behind the address. */
export interface Entrance {
  /** Sends requests to the program as soon as it has told on fd 4 where it listens; also after it has closed its port. */
  readonly open: (running: RunningProcess, addresses: Addresses) => Effect.Effect<void>
  /** No more requests; waits a little for those that it has. */
  readonly close: Effect.Effect<void>
}

/** One address, as long as the scope is open, for a program that is started again and again on ports of its own. */
export const stableAddress = Effect.fnUntraced(function* (tell: (notice: Notice) => Effect.Effect<void>) {
  const balancer = yield* Balancer
  const { accepts } = yield* Health
  const session = yield* Effect.scope
  let listening:
    | { readonly addresses: string; readonly front: Front; readonly close: Effect.Effect<void> }
    | undefined
  let count = 0

  /** The front there is, unless it is to be somewhere else now. */
  const frontAt = Effect.fnUntraced(function* (addresses: Addresses) {
    const key = JSON.stringify(addresses)
    if (listening?.addresses === key) return listening.front
    yield* listening?.close ?? Effect.void
    listening = undefined
    const scope = yield* Scope.fork(session, sequential)
    const front = yield* Scope.extend(firstFree(balancer, addresses), scope)
    listening = { addresses: key, front, close: Scope.close(scope, Exit.void) }
    const wanted = addresses[0].port
    yield* tell({
      _tag: "Address",
      url: urlOf(front.address),
      ...omitUndefined({ taken: front.address.port === wanted ? undefined : wanted })
    })
    return front
  })

  /** For one start of the program: its place is given up when the scope closes. */
  const entrance: Effect.Effect<Entrance, never, Scope.Scope> = Effect.gen(function* () {
    let entered: { readonly front: Front; readonly backend: Backend } | undefined
    yield* Effect.addFinalizer(() => entered?.front.remove(entered.backend) ?? Effect.void)
    return {
      open: Effect.fnUntraced(function* (running: RunningProcess, addresses: Addresses) {
        const report = yield* running.port
        if (report._tag === "Garbage") yield* tell({ _tag: "NotAPort" })
        if (report._tag !== "Listening") return
        const { port } = report
        yield* Effect.matchEffect(frontAt(addresses), {
          onFailure: (error) => tell({ _tag: "NoAddress", error, url: urlOf({ host: "127.0.0.1", port }) }),
          onSuccess: (front) => {
            count += 1
            const backend = { id: `${count}`, port }
            entered = { front, backend }
            const isThere = Effect.map(accepts(port), (accepts) => accepts === true)
            return Effect.zipRight(front.add(backend), resumeRefused(front, backend, isThere))
          }
        })
      }),
      close: Effect.suspend(() => Effect.asVoid(entered?.front.drain(entered.backend, limit) ?? Effect.void))
    }
  })
  return { entrance }
})

const firstFree = (
  balancer: Balancer["Type"],
  [address, next, ...others]: Addresses
): Effect.Effect<Front, ListenFailed, Scope.Scope> =>
  Effect.catchAll(balancer.open(address, { hold }), (error) =>
    error.code === "EADDRINUSE" && next !== undefined
      ? firstFree(balancer, [next, ...others])
      : Effect.fail(error)
  )

export type StableAddress = Effect.Effect.Success<ReturnType<typeof stableAddress>>
