import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { ProcessNotStarted } from "../../domain/errors/processes.ts"
import type { ProcessExit, SignalName } from "../../domain/process.ts"
import { childEnvironment } from "./child-environment.ts"
import { ProcessSpawner, type ProcessSpec } from "./process-spawner.ts"

/** A process that was started in memory, and the means to end it. */
export interface StartedProcess {
  readonly pid: number
  /** As the process sees it: its environment less what is taken out. */
  readonly spec: ProcessSpec
  readonly signals: Effect.Effect<ReadonlyArray<SignalName>>
  readonly end: (exit: ProcessExit) => Effect.Effect<void>
}

/** Every process that was started, in order. */
export class StartedProcesses extends Context.Tag("tako/StartedProcesses")<
  StartedProcesses,
  Effect.Effect<ReadonlyArray<StartedProcess>>
>() {}

/**
 * Starts nothing. A process runs until it is ended by hand, or by a signal, unless it `traps` that one. What `refuse`
 * has an error for is not started.
 */
export const layerMemory = ({
  refuse = () => undefined,
  traps = []
}: {
  readonly refuse?: (spec: ProcessSpec) => ProcessNotStarted | undefined
  readonly traps?: ReadonlyArray<SignalName>
} = {}): Layer.Layer<ProcessSpawner | StartedProcesses> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const started = yield* Ref.make<ReadonlyArray<StartedProcess>>([])
      const start = Effect.fnUntraced(function* (spec: ProcessSpec) {
        const refusal = refuse(spec)
        if (refusal !== undefined) return yield* refusal
        const exit = yield* Deferred.make<ProcessExit>()
        const received = yield* Ref.make<ReadonlyArray<SignalName>>([])
        const pid = 1 + (yield* Ref.get(started)).length
        const end = (ended: ProcessExit) => Effect.asVoid(Deferred.succeed(exit, ended))
        const seen = {
          ...spec,
          environment: { ...childEnvironment(spec.environment), TAKO_PIPE: `0:${pid}` }
        }
        yield* Ref.update(started, (all) => [...all, { pid, spec: seen, signals: Ref.get(received), end }])
        return {
          pid,
          token: Redacted.make(`${pid}`.padStart(43, "0")),
          exit: Deferred.await(exit),
          signal: (name: SignalName) =>
            Effect.gen(function* () {
              if (yield* Deferred.isDone(exit)) return
              yield* Ref.update(received, (all) => [...all, name])
              if (name === "SIGKILL" || !traps.includes(name)) yield* end({ _tag: "Signalled", signal: name })
            })
        }
      })
      return Context.make(ProcessSpawner, {
        spawn: (spec) => Effect.acquireRelease(start(spec), ({ signal }) => signal("SIGKILL"))
      }).pipe(Context.add(StartedProcesses, Ref.get(started)))
    })
  )
