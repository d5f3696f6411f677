import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as Layer from "effect/Layer"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { Signals } from "../../services/signals/signals.ts"
import type { Stdio } from "../../services/stdio/stdio.ts"
import { plain } from "../command-line/ink.ts"
import { type ExitCode, failed, type TakoError } from "../exit-code.ts"
import type { GroupTree } from "./command.ts"
import type { CommandContext } from "./context.ts"
import { renderBug } from "./failure.ts"
import { runCli } from "./run-cli.ts"

/**
 * Runs this process's command line and ends the process with its exit code. SIGINT, SIGTERM and SIGHUP interrupt the
 * command, whose finalizers run, and make the exit code 128 plus the signal's number; a second one ends the process at
 * once. A command that handles these signals itself (Signals.handle) gets them instead.
 *
 * `streams` are always built, `services` only when a command runs.
 */
export const main = <R, E extends TakoError>(
  root: GroupTree<R, E>,
  options: {
    readonly version: string
    readonly streams: Layer.Layer<Stdio | Signals>
    readonly services: Layer.Layer<Exclude<R, CommandContext>, TakoError, CommandContext>
    /** Called with the name of the command that is run, as in "secrets-set". */
    readonly onCommand?: (name: string) => void
  }
): void => {
  const stop = Deferred.unsafeMake<ExitCode>(FiberId.none)
  const program = Effect.gen(function* () {
    const signals = yield* Signals
    yield* signals.handle(["SIGINT", "SIGTERM", "SIGHUP"], (name) => {
      const code = 128 + ((Os.constants.signals as Readonly<Record<string, number>>)[name] ?? 0)
      return Effect.flatMap(Deferred.succeed(stop, code), (first) =>
        first ? Effect.void : Effect.sync(() => process.exit(code))
      )
    })
    const cli = runCli(root, options.services, {
      argv: process.argv.slice(2),
      environment: process.env,
      columns: () => process.stdout.columns,
      version: options.version,
      ...omitUndefined({ onCommand: options.onCommand })
    })
    // When the race is over, the loser's finalizers have run.
    return yield* Effect.raceFirst(cli, Deferred.await(stop))
  })
  // A callback of Node that throws outside of every Effect. The message may quote a value, so Node must not print it.
  process.on("uncaughtException", (defect) => {
    reportBug(defect)
    Deferred.unsafeDone(stop, Exit.succeed(failed))
  })
  // Node exits when nothing is left that could wake the command up. That must not look like success.
  process.once("beforeExit", () => {
    reportBug(new Stuck())
    process.exit(failed)
  })
  Effect.runFork(Effect.provide(Effect.scoped(program), options.streams)).addObserver((exit) => {
    if (Exit.isFailure(exit)) reportBug(Cause.squash(exit.cause))
    // All output is written by now: the effects of Stdio end when the stream has taken everything.
    process.exit(Exit.isSuccess(exit) ? exit.value : failed)
  })
}

class Stuck extends Error {}

const reportBug = (defect: unknown): void => {
  try {
    Fs.writeSync(2, `${renderBug(defect, plain)}\n`)
  } catch {
    // stderr is closed.
  }
}
