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

/** How long a request waits while no program runs. */
const hold = "30 seconds"
/** How long open requests may delay a restart. A page's WebSocket never ends. */
const drainLimit = "1 second"

type Addresses = readonly [ListenAddress, ...ReadonlyArray<ListenAddress>]

/** One run of the program behind the address. */
export interface ProgramRoute {
  /** Sends requests to the program once it has reported its port on fd 4, and again after it reopens a closed port. */
  readonly open: (running: RunningProcess, addresses: Addresses) => Effect.Effect<void>
  /** Stops sending requests, and waits briefly for the open ones. */
  readonly close: Effect.Effect<void>
}

/** Keeps one address for a program that uses another port after each restart, until the scope closes. */
export const openAddress = Effect.fnUntraced(function* (notify: (notice: Notice) => Effect.Effect<void>) {
  const balancer = yield* Balancer
  const { accepts } = yield* Health
  const session = yield* Effect.scope
  let listening:
    | { readonly addresses: string; readonly front: Front; readonly close: Effect.Effect<void> }
    | undefined
  let count = 0

  /** Returns the open front, or replaces it if the address changed. */
  const frontAt = Effect.fnUntraced(function* (addresses: Addresses) {
    const key = JSON.stringify(addresses)
    if (listening?.addresses === key) return listening.front
    yield* listening?.close ?? Effect.void
    listening = undefined
    const scope = yield* Scope.fork(session, sequential)
    const front = yield* Scope.extend(firstFree(balancer, addresses), scope)
    listening = { addresses: key, front, close: Scope.close(scope, Exit.void) }
    const wanted = addresses[0].port
    yield* notify({
      _tag: "Address",
      url: urlOf(front.address),
      ...omitUndefined({ taken: front.address.port === wanted ? undefined : wanted })
    })
    return front
  })

  /** Puts one run of the program behind the address, until the scope closes. */
  const route: Effect.Effect<ProgramRoute, never, Scope.Scope> = Effect.gen(function* () {
    let routed: { readonly front: Front; readonly backend: Backend } | undefined
    yield* Effect.addFinalizer(() => routed?.front.remove(routed.backend) ?? Effect.void)
    return {
      open: Effect.fnUntraced(function* (running: RunningProcess, addresses: Addresses) {
        const report = yield* running.port
        if (report._tag === "Garbage") yield* notify({ _tag: "InvalidPortReport" })
        if (report._tag !== "Listening") return
        const { port } = report
        yield* Effect.matchEffect(frontAt(addresses), {
          onFailure: (error) => notify({ _tag: "NoAddress", error, url: urlOf({ host: "127.0.0.1", port }) }),
          onSuccess: (front) => {
            count += 1
            const backend = { id: `${count}`, port }
            routed = { front, backend }
            const isListening = Effect.map(accepts(port), (accepts) => accepts === true)
            return Effect.zipRight(front.add(backend), resumeRefused(front, backend, isListening))
          }
        })
      }),
      close: Effect.suspend(() =>
        Effect.asVoid(routed?.front.drain(routed.backend, drainLimit) ?? Effect.void)
      )
    }
  })
  return { route }
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

export type DevAddress = Effect.Effect.Success<ReturnType<typeof openAddress>>
