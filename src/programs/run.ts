import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Usage } from "../domain/errors/user.ts"
import type { EnvironmentName, SecretName } from "../domain/names.ts"
import type { SignalName } from "../domain/process.ts"
import { isWithheld } from "../services/helper-program/child-environment.ts"
import {
  ProcessSpawner,
  type ProcessSpec,
  type RunningProcess
} from "../services/process-spawner/process-spawner.ts"
import { Signals } from "../services/signals/signals.ts"
import { Terminal } from "../services/terminal/terminal.ts"
import { openComplete } from "./environment/open.ts"

/**
 * Runs a program with the secrets of an environment, as if it had been started without tako, and returns how it ended.
 * Nothing starts unless every value opens. `asEnvironmentVariables` also sets them in its environment.
 */
export const run = Effect.fn("run")(function* (
  name: EnvironmentName,
  program: Pick<ProcessSpec, "command" | "environment">,
  options: { readonly asEnvironmentVariables: boolean }
) {
  const secrets = yield* openComplete(name)
  if (!options.asEnvironmentVariables) return yield* runProcess({ ...program, secrets, secretsOf: name })
  const variables = yield* Effect.forEach(secrets, asVariable)
  const environment = { ...program.environment, ...Object.fromEntries(variables) }
  return yield* runProcess({ ...program, environment, secrets, secretsOf: name })
})

const asVariable = ([name, value]: readonly [SecretName, Redacted.Redacted<string>]) => {
  const text = Redacted.value(value)
  const refuse = (problem: string) =>
    new Usage({ problem, hint: "Run without --as-env, and read it from fd 3." })
  if (text.includes("\0")) {
    return refuse(`${name} holds a NUL character, which no environment variable can hold.`)
  }
  if (isWithheld(name)) {
    return refuse(`${name} is a variable of tako's own, which no program gets in its environment.`)
  }
  return Effect.succeed([name, text] as const)
}

const forwarded: ReadonlyArray<SignalName> = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"]
/** A controlling terminal sends these to the running program as well as to us (termios(3)). */
const fromTerminal: ReadonlyArray<SignalName> = ["SIGINT", "SIGQUIT"]

/**
 * Runs the program until it ends. It gets each signal once: those that only we received are forwarded. Our own interruption waits for
 * its end, too, once it has started.
 */
export const runProcess = Effect.fn("runProcess")((spec: ProcessSpec) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const spawner = yield* ProcessSpawner
      const signals = yield* Signals
      const terminal = yield* Terminal
      const started = yield* Deferred.make<RunningProcess>()
      const scope = yield* Effect.scope
      // What arrives again while we find out who got the first one is the same signal, as it is for the kernel while it is pending.
      const pending = new Set<SignalName>()
      const forwardToRunning = (name: SignalName) =>
        Effect.gen(function* () {
          const { signal, receivedToo } = yield* Deferred.await(started)
          const isReceived = yield* receivedToo(name)
          pending.delete(name)
          const isFromTerminal = fromTerminal.includes(name) && (yield* terminal.isThere)
          if (!Option.getOrElse(isReceived, () => isFromTerminal)) yield* signal(name)
        })
      const forward = (name: SignalName) =>
        Effect.gen(function* () {
          // A signal that arrives while the program is being started waits for it.
          if (!(yield* Deferred.isDone(started))) {
            return yield* Effect.flatMap(Deferred.await(started), ({ signal }) => signal(name))
          }
          if (pending.has(name)) return
          pending.add(name)
          yield* Effect.forkIn(forwardToRunning(name), scope)
        })
      yield* signals.handle(forwarded, forward)
      // A signal from just before went to an earlier handler, whose interruption of us may still be on its way.
      yield* restore(Effect.sleep(0))
      const running = yield* spawner.spawn({ ...spec, sharesSignals: true })
      yield* Deferred.succeed(started, running)
      return yield* running.exit
    }).pipe(Effect.scoped)
  )
)
