import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SignalName } from "../../domain/process.ts"
import type { RunningProcess } from "../../services/process-spawner/process-spawner.ts"
import { Signals } from "../../services/signals/signals.ts"
import { Terminal } from "../../services/terminal/terminal.ts"

/** These end the session. */
const ending: ReadonlyArray<SignalName> = ["SIGTERM", "SIGHUP"]
/** With a controlling terminal, the terminal sends these to the program as well as to us (termios(3)). */
const fromTerminal: ReadonlyArray<SignalName> = ["SIGINT", "SIGQUIT"]
const passedOn: ReadonlyArray<SignalName> = ["SIGUSR1", "SIGUSR2"]

/**
 * What the person wants who sends signals, as long as the scope is open. Ctrl-C is the program's affair: it ends, or it
 * has another use for it. Where no program runs, it ends the session.
 */
export const wishes = Effect.gen(function* () {
  const signals = yield* Signals
  const hasTerminal = yield* (yield* Terminal).isThere
  const end = yield* Deferred.make<SignalName>()
  let running: RunningProcess | undefined
  let interrupted: SignalName | undefined

  yield* signals.take(ending, (name) => Effect.asVoid(Deferred.succeed(end, name)))
  yield* signals.take(passedOn, (name) => running?.signal(name) ?? Effect.void)
  yield* signals.take(fromTerminal, (name) =>
    Effect.suspend(() => {
      if (running === undefined) return Effect.asVoid(Deferred.succeed(end, name))
      interrupted = name
      return hasTerminal ? Effect.void : running.signal(name)
    })
  )
  return {
    /** Waits for the signal that ends the session. */
    end: Deferred.await(end),
    /** As far as is known: the one that ends the session, or Ctrl-C while this program ran. */
    heard: Effect.flatMap(
      Deferred.poll(end),
      Option.match({
        onNone: () => Effect.sync(() => Option.fromNullable(interrupted)),
        onSome: Effect.asSome
      })
    ),
    /** A Ctrl-C that the program has lived through was not meant for the session. */
    forget: Effect.sync(() => {
      interrupted = undefined
    }),
    /** The program that runs from now on, until the scope closes. */
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

export type Wishes = Effect.Effect.Success<typeof wishes>
