import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

const deadly = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const

/**
 * While the scope is open, a signal that ends the process calls `first`; then it ends it as it would have, or goes to
 * whoever listens for it. (Node puts the terminal back for SIGINT and SIGTERM alone, and leaves bracketed paste on.)
 */
export const beforeDeath = (first: () => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => {
        const remove = () => {
          for (const name of deadly) process.removeListener(name, onSignal)
        }
        const onSignal = (name: NodeJS.Signals) => {
          remove()
          first()
          if (process.listenerCount(name) === 0) process.kill(process.pid, name)
        }
        // Before the others: a `once` of theirs is gone by the time it is called.
        for (const name of deadly) process.prependListener(name, onSignal)
        return remove
      }),
      (remove) => Effect.sync(remove)
    )
  )
