import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { ProcessNotStarted } from "../../domain/errors/processes.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import type { PortReport } from "../../domain/port-report.ts"
import type { ProcessExit, SignalName } from "../../domain/process.ts"

export type OutputStream = "stdout" | "stderr"

/** How a program runs under a server instead of at a terminal. */
export interface Supervised {
  /** Receives output as it arrives. Everything the program wrote is delivered before `exit` completes. */
  readonly onOutput: (stream: OutputStream, piece: Uint8Array) => void
  /** The user to run as, without supplementary groups; our own if undefined. Requires root. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

/** What to start. `environment` is the whole environment: TAKO_PIPE is added, and variables that open secrets are removed. */
export interface ProcessSpec {
  readonly command: readonly [string, ...ReadonlyArray<string>]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly secrets: ReadonlyMap<SecretName, Redacted.Redacted<string>>
  /** The name of the secrets' environment, for the envelope. */
  readonly secretsOf?: EnvironmentName
  /** The working directory, by default our own. */
  readonly directory?: string
  /** Whether it gets a pipe on fd 4 to report its port. */
  readonly readiness?: boolean
  /** Whether it can be told which of our signals it received too (`receivedToo`). Costs an idle process beside it. */
  readonly sharesSignals?: boolean
  /**
   * Runs it in a session of its own, with an empty stdin and its output sent to us. With setpriv(1) (Linux), it is killed
   * whenever this process dies. If undefined, it shares our session, terminal, stdin, stdout and stderr.
   */
  readonly supervised?: Supervised
}

export interface RunningProcess {
  readonly pid: number
  /** The token in its envelope: 32 random bytes in base64url, unique to this process. */
  readonly token: Redacted.Redacted<string>
  /**
   * Waits until it has reported a port on fd 4, or can no longer do so. May be used any number of times. A report written
   * just before it exits counts.
   */
  readonly port: Effect.Effect<PortReport>
  /** Waits until it exits. May be used any number of times. */
  readonly exit: Effect.Effect<ProcessExit>
  /** Sends a signal, unless the process has exited. */
  readonly signal: (name: SignalName) => Effect.Effect<void>
  /**
   * Whether it received a signal, too, that has just arrived here: one that was sent to our process group, or to each process of
   * a tree or cgroup. Waits for a moment, as such senders need one. None if that cannot be told, as without `sharesSignals`.
   */
  readonly receivedToo: (name: SignalName) => Effect.Effect<Option.Option<boolean>>
  /** Waits until it and all of its descendants have exited, except daemons in sessions of their own. */
  readonly gone: Effect.Effect<void>
  /**
   * Sends SIGTERM to it, then to descendants that outlive it, and SIGKILL to whatever still runs after the grace period.
   * Returns whether all of them have exited; another user's process, or one stuck in the kernel, may not.
   */
  readonly stop: (grace: Duration.DurationInput) => Effect.Effect<boolean>
}

/** Processes that should have ended, by what tells them from others. */
export interface Leftovers {
  /** Each "NAME=value" in their environment, which they can change. */
  readonly variables: ReadonlyArray<string>
  /** Users that they alone run as, which they cannot change. Never root or our own user. */
  readonly users: ReadonlyArray<{ readonly uid: number; readonly gid: number }>
}

/** What a sweep did: how many processes it killed, and how many run all the same. */
export interface Swept {
  readonly killed: number
  readonly remaining: number
}

/**
 * Starts processes with their envelope on fd 3: an anonymous pipe (a FIFO to fstat(2)) whose read end no other process has.
 * Closing the scope kills a process that still runs.
 */
export class ProcessSpawner extends Context.Tag("tako/ProcessSpawner")<
  ProcessSpawner,
  {
    readonly spawn: (spec: ProcessSpec) => Effect.Effect<RunningProcess, ProcessNotStarted, Scope.Scope>
    /**
     * Kills leftovers until none is left: of a dead supervisor, or of an app that has ended. A process whose environment is
     * unreadable (not on Linux, another user's) stays, unless its user gives it away. Gives up after 2 seconds on what is stuck
     * in the kernel.
     */
    readonly sweep: (leftovers: Leftovers) => Effect.Effect<Swept>
  }
>() {}
