import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
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

const always: ReadonlyArray<SignalName> = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"]
/** A controlling terminal sends these to the running program as well as to us (termios(3)). */
const fromTerminal: ReadonlyArray<SignalName> = ["SIGINT", "SIGQUIT"]

/** Forwards signals and waits for the program's end. Our own interruption waits for it, too, once it has started. */
export const runProcess = Effect.fn("runProcess")((spec: ProcessSpec) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const spawner = yield* ProcessSpawner
      const signals = yield* Signals
      const terminal = yield* Terminal
      const started = yield* Deferred.make<RunningProcess>()
      // A signal that arrives while the program is being started waits for it.
      const forward = (name: SignalName) =>
        Effect.flatMap(Deferred.await(started), ({ signal }) => signal(name))
      const forwardUntilStarted = (name: SignalName) =>
        Effect.flatMap(Deferred.isDone(started), (isThere) => (isThere ? Effect.void : forward(name)))
      yield* signals.handle(always, forward)
      yield* signals.handle(fromTerminal, (yield* terminal.isThere) ? forwardUntilStarted : forward)
      // A signal from just before went to an earlier handler, whose interruption of us may still be on its way.
      yield* restore(Effect.sleep(0))
      const running = yield* spawner.spawn(spec)
      yield* Deferred.succeed(started, running)
      return yield* running.exit
    }).pipe(Effect.scoped)
  )
)
