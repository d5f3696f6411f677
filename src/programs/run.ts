import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { Usage } from "../domain/errors/user.ts"
import type { EnvironmentName, SecretName } from "../domain/names.ts"
import type { SignalName } from "../domain/process.ts"
import {
  isWithheld,
  ProcessSpawner,
  type ProcessSpec,
  type RunningProcess
} from "../services/process-spawner/process-spawner.ts"
import { Signals } from "../services/signals/signals.ts"
import { Terminal } from "../services/terminal/terminal.ts"
import { openComplete } from "./environment/open.ts"

/**
 * Runs a program with the secrets of an environment, as if we were not there, and tells how it ended. Nothing is started
 * unless every value opens. With `asEnvironmentVariables` they are in its environment as well as in the pipe.
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
/** With a controlling terminal, the terminal sends these to the program as well as to us (termios(3)), once it is there. */
const fromTerminal: ReadonlyArray<SignalName> = ["SIGINT", "SIGQUIT"]

/** Passes signals on and waits for the end; our own interruption waits as well, unless it comes before the start. */
export const runProcess = Effect.fn("runProcess")((spec: ProcessSpec) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const spawner = yield* ProcessSpawner
      const signals = yield* Signals
      const terminal = yield* Terminal
      const started = yield* Deferred.make<RunningProcess>()
      // A signal that arrives while the program is being started waits for it.
      const passOn = (name: SignalName) =>
        Effect.flatMap(Deferred.await(started), ({ signal }) => signal(name))
      const passOnEarly = (name: SignalName) =>
        Effect.flatMap(Deferred.isDone(started), (isThere) => (isThere ? Effect.void : passOn(name)))
      yield* signals.take(always, passOn)
      yield* signals.take(fromTerminal, (yield* terminal.isThere) ? passOnEarly : passOn)
      // One that came just before went to somebody else, whose interruption of us is on its way.
      yield* restore(Effect.sleep(0))
      const running = yield* spawner.spawn(spec)
      yield* Deferred.succeed(started, running)
      return yield* running.exit
    }).pipe(Effect.scoped)
  )
)
