import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { ProcessNotStarted } from "../../domain/errors/processes.ts"
import type { SecretName } from "../../domain/names.ts"
import type { ProcessExit, SignalName } from "../../domain/process.ts"

/** What to start. `environment` is its whole environment: TAKO_PIPE is added, what opens secrets is taken out. */
export interface ProcessSpec {
  readonly command: readonly [string, ...ReadonlyArray<string>]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly secrets: ReadonlyMap<SecretName, Redacted.Redacted<string>>
  /** Where it starts; without it, where we are. */
  readonly directory?: string
}

export interface RunningProcess {
  readonly pid: number
  /** The envelope's token: 32 random bytes as base64url, of this one process. */
  readonly token: Redacted.Redacted<string>
  /** Waits for the end; any number of times. */
  readonly exit: Effect.Effect<ProcessExit>
  /** A process that has ended is left alone. */
  readonly signal: (name: SignalName) => Effect.Effect<void>
}

/**
 * Starts processes in our process group and terminal, with our stdin, stdout and stderr, and their envelope on fd 3: an
 * anonymous pipe (a FIFO to fstat(2)) whose read end they alone have. One that has not ended when the scope closes is
 * killed.
 */
export class ProcessSpawner extends Context.Tag("tako/ProcessSpawner")<
  ProcessSpawner,
  {
    readonly spawn: (spec: ProcessSpec) => Effect.Effect<RunningProcess, ProcessNotStarted, Scope.Scope>
  }
>() {}
