import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { ProcessNotStarted } from "../../domain/errors/processes.ts"
import { type PortReport, silent } from "../../domain/port-report.ts"
import type { ProcessExit, SignalName } from "../../domain/process.ts"
import { childEnvironment } from "../helper-program/child-environment.ts"
import { type Leftovers, type OutputStream, ProcessSpawner, type ProcessSpec } from "./process-spawner.ts"

/** A process in memory, and the means to control it. */
export interface StartedProcess {
  readonly pid: number
  /** What it was started with, with the environment that it sees. */
  readonly spec: ProcessSpec
  readonly signals: Effect.Effect<ReadonlyArray<SignalName>>
  /** Reports on fd 4, if it has one. Only the first report counts. */
  readonly report: (report: PortReport) => Effect.Effect<void>
  /** Writes output, which is dropped unless the process is supervised. */
  readonly say: (stream: OutputStream, text: string) => Effect.Effect<void>
  readonly end: (exit: ProcessExit) => Effect.Effect<unknown>
  /** Whether signals that arrive at the test's own process from now on are sent to both; none if that cannot be told. */
  readonly shareSignals: (shared: Option.Option<boolean>) => Effect.Effect<void>
}

/** All processes started so far, in order. */
export class StartedProcesses extends Context.Tag("tako/StartedProcesses")<
  StartedProcesses,
  Effect.Effect<ReadonlyArray<StartedProcess>>
>() {}

/**
 * Starts no real process. A process runs until a test ends it, or a signal that it does not trap does. `refuse` may return an error
 * instead of starting one; `behave` is what each process does when it starts.
 */
export const layerMemory = ({
  refuse = () => undefined,
  traps = [],
  behave = () => Effect.void
}: {
  readonly refuse?: (spec: ProcessSpec) => ProcessNotStarted | undefined
  readonly traps?: ReadonlyArray<SignalName>
  readonly behave?: (process: StartedProcess) => Effect.Effect<unknown>
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
        const port = yield* Deferred.make<PortReport>()
        const report = (result: PortReport) => Effect.asVoid(Deferred.succeed(port, result))
        if (spec.readiness !== true) yield* report(silent)
        const end = (ended: ProcessExit) => Effect.zipRight(report(silent), Deferred.succeed(exit, ended))
        const seen = {
          ...spec,
          environment: { ...childEnvironment(spec.environment), TAKO_PIPE: `0:${pid}` }
        }
        const say = (stream: OutputStream, text: string) =>
          Effect.sync(() => spec.supervised?.onOutput(stream, Buffer.from(text)))
        const shared = yield* Ref.make(
          spec.sharesSignals === true ? Option.some(false) : Option.none<boolean>()
        )
        const process: StartedProcess = {
          pid,
          spec: seen,
          signals: Ref.get(received),
          report,
          say,
          end,
          shareSignals: (next) => Ref.set(shared, next)
        }
        yield* Ref.update(started, (all) => [...all, process])
        yield* behave(process)
        const signal = (name: SignalName) =>
          Effect.gen(function* () {
            if (yield* Deferred.isDone(exit)) return
            yield* Ref.update(received, (all) => [...all, name])
            if (name === "SIGKILL" || !traps.includes(name)) yield* end({ _tag: "Signalled", signal: name })
          })
        const gone = Effect.asVoid(Deferred.await(exit))
        return {
          pid,
          token: Redacted.make(`${pid}`.padStart(43, "0")),
          port: Deferred.await(port),
          exit: Deferred.await(exit),
          signal,
          receivedToo: () => Ref.get(shared),
          gone,
          stop: (grace: Duration.DurationInput) =>
            signal("SIGTERM").pipe(
              Effect.zipRight(Effect.timeoutOption(gone, grace)),
              Effect.zipRight(signal("SIGKILL")),
              Effect.as(true)
            )
        }
      })
      const sweep = ({ variables }: Leftovers) =>
        Effect.gen(function* () {
          let killed = 0
          for (const { spec, end } of yield* Ref.get(started)) {
            const isMarked = Object.entries(spec.environment).some(([name, value]) =>
              variables.includes(`${name}=${value}`)
            )
            if (isMarked && (yield* end({ _tag: "Signalled", signal: "SIGKILL" })) === true) killed++
          }
          return { killed, remaining: 0 }
        })
      return Context.make(ProcessSpawner, {
        sweep,
        spawn: (spec) => Effect.acquireRelease(start(spec), ({ signal }) => signal("SIGKILL"))
      }).pipe(Context.add(StartedProcesses, Ref.get(started)))
    })
  )
