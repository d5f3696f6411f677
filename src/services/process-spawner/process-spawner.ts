import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Envelope } from "../../domain/envelope.ts"
import type { ProcessNotStarted } from "../../domain/errors/processes.ts"
import type { ProcessExit, SignalName } from "../../domain/process.ts"

/** What to start. `environment` is the child's whole environment; TAKO_PIPE is added to it. */
export interface ProcessSpec {
  readonly command: readonly [string, ...ReadonlyArray<string>]
  readonly environment: Readonly<Record<string, string>>
  readonly envelope: Envelope
  readonly directory?: string
}

export interface RunningProcess {
  readonly pid: number
  /** Waits for the end; any number of times. */
  readonly exit: Effect.Effect<ProcessExit>
  /** A process that has ended is left alone. */
  readonly signal: (name: SignalName) => Effect.Effect<void>
}

/**
 * Starts processes in our process group and terminal, stdio inherited, with their envelope on fd 3: an anonymous pipe
 * (a FIFO to fstat(2)) whose read end they alone have. When the scope closes before the process has ended it is killed.
 */
export class ProcessSpawner extends Context.Tag("tako/ProcessSpawner")<
  ProcessSpawner,
  {
    readonly spawn: (spec: ProcessSpec) => Effect.Effect<RunningProcess, ProcessNotStarted, Scope.Scope>
  }
>() {}
