import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SignalName } from "../../domain/process.ts"
import type { RunningProcess } from "../../services/process-spawner/process-spawner.ts"
import { Signals } from "../../services/signals/signals.ts"
import { Terminal } from "../../services/terminal/terminal.ts"

/** Signals that end the session. */
const ending: ReadonlyArray<SignalName> = ["SIGTERM", "SIGHUP"]
/** A controlling terminal sends these to the program as well as to us (termios(3)). */
const terminalSignals: ReadonlyArray<SignalName> = ["SIGINT", "SIGQUIT"]
const forwarded: ReadonlyArray<SignalName> = ["SIGUSR1", "SIGUSR2"]

/**
 * Handles signals until the scope closes. Ctrl-C belongs to the program, which may exit or use it otherwise. While no program
 * runs, it ends the session.
 */
export const handleSessionSignals = Effect.gen(function* () {
  const signals = yield* Signals
  const hasTerminal = yield* (yield* Terminal).isThere
  const end = yield* Deferred.make<SignalName>()
  let running: RunningProcess | undefined
  let interrupted: SignalName | undefined

  yield* signals.handle(ending, (name) => Effect.asVoid(Deferred.succeed(end, name)))
  yield* signals.handle(forwarded, (name) => running?.signal(name) ?? Effect.void)
  yield* signals.handle(terminalSignals, (name) =>
    Effect.suspend(() => {
      if (running === undefined) return Effect.asVoid(Deferred.succeed(end, name))
      interrupted = name
      return hasTerminal ? Effect.void : running.signal(name)
    })
  )
  return {
    /** Waits for a signal that ends the session. */
    end: Deferred.await(end),
    /** The signal received so far, if any: one that ends the session, or Ctrl-C while this program ran. */
    received: Effect.flatMap(
      Deferred.poll(end),
      Option.match({
        onNone: () => Effect.sync(() => Option.fromNullable(interrupted)),
        onSome: Effect.asSome
      })
    ),
    /** Forgets a Ctrl-C that the program survived: it was not meant for the session. */
    forgetInterrupt: Effect.sync(() => {
      interrupted = undefined
    }),
    /** Sets the running program until the scope closes. */
    program: (process: RunningProcess) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          running = process
          interrupted = undefined
        }),
        () =>
          Effect.sync(() => {
            running = undefined
          })
      )
  }
})

export type SessionSignals = Effect.Effect.Success<typeof handleSessionSignals>
