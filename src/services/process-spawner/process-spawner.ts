import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { ProcessNotStarted } from "../../domain/errors/processes.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import type { PortReport } from "../../domain/port-report.ts"
import type { ProcessExit, SignalName } from "../../domain/process.ts"

export type OutputStream = "stdout" | "stderr"

/** How a program runs that is nobody's at a terminal, but looked after by a server. */
export interface Supervised {
  /** Gets what it writes, in pieces as they come; what it wrote before its end, before `exit` tells of that. */
  readonly onOutput: (stream: OutputStream, piece: Uint8Array) => void
  /** Whose it is: numeric ids, without any other group; ours without it. To change it takes root. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

/** What to start. `environment` is its whole environment: TAKO_PIPE is added, what opens secrets is taken out. */
export interface ProcessSpec {
  readonly command: readonly [string, ...ReadonlyArray<string>]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly secrets: ReadonlyMap<SecretName, Redacted.Redacted<string>>
  /** The environment of the secrets: the envelope tells it. */
  readonly secretsOf?: EnvironmentName
  /** Where it starts; without it, where we are. */
  readonly directory?: string
  /** Whether it gets, on fd 4, the write end of a pipe to tell its port through. Without it there is no fd 4. */
  readonly readiness?: boolean
  /**
   * In a session of its own, with nothing on stdin, its output to us; where setpriv(1) is (Linux), it is killed when we
   * end, however that happens. Without it: in our session and terminal, with our stdin, stdout and stderr.
   */
  readonly supervised?: Supervised
}

export interface RunningProcess {
  readonly pid: number
  /** The envelope's token: 32 random bytes as base64url, of this one process. */
  readonly token: Redacted.Redacted<string>
  /**
   * Waits until it has told on fd 4 where it listens, or can not do so any more; any number of times. What it wrote
   * before its end counts.
   */
  readonly port: Effect.Effect<PortReport>
  /** Waits for the end; any number of times. */
  readonly exit: Effect.Effect<ProcessExit>
  /** A process that has ended is left alone. */
  readonly signal: (name: SignalName) => Effect.Effect<void>
  /** Waits until neither it nor anything that it has started runs; daemons in a session of their own do not count. */
  readonly gone: Effect.Effect<void>
  /**
   * SIGTERM to it, then to what it leaves behind when it has ended; SIGKILL to all that still run after the grace. True
   * when nothing of it runs any more; false where that is not in our power (another user's, one stuck in the kernel).
   */
  readonly stop: (grace: Duration.DurationInput) => Effect.Effect<boolean>
}

/**
 * Starts processes with their envelope on fd 3: an anonymous pipe (a FIFO to fstat(2)) whose read end they alone have. One
 * that has not ended when the scope closes is killed.
 */
export class ProcessSpawner extends Context.Tag("tako/ProcessSpawner")<
  ProcessSpawner,
  {
    readonly spawn: (spec: ProcessSpec) => Effect.Effect<RunningProcess, ProcessNotStarted, Scope.Scope>
    /**
     * Kills every process that was started with this variable ("NAME=value"), and tells how many: what a supervisor left
     * that is gone. Those of which the system does not tell (off Linux, another user's) stay.
     */
    readonly sweep: (variable: string) => Effect.Effect<number>
  }
>() {}

/** What opens secrets or ssh keys, all names that begin like it, and a TAKO_PIPE that belongs to somebody further up. */
const withheld = /^(?:TAKO_KEY|TAKO_PASSPHRASE|TAKO_SSH_KEY|TAKO_PIPE$)/

/** Whether nothing that we start gets a variable of this name from us. */
export const isWithheld = (name: string): boolean => withheld.test(name)

/** The environment less what is withheld. */
export const childEnvironment = (
  environment: Readonly<Record<string, string | undefined>>
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !isWithheld(entry[0])
    )
  )
