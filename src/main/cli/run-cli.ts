import * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import { Usage } from "../../domain/errors/user.ts"
import { fold } from "../../domain/fold.ts"
import * as AllowUnbound from "../../services/key-source/allow-unbound.ts"
import type { Signals } from "../../services/signals/signals.ts"
import { Stdio } from "../../services/stdio/stdio.ts"
import { renderHelp } from "../command-line/help.ts"
import { ink, wantsColour } from "../command-line/ink.ts"
import { type Invocation, type Prepared, prepare } from "../command-line/prepare.ts"
import {
  done,
  type ExitCode,
  exitCode,
  failed,
  isTakoError,
  type TakoError,
  wrongUsage
} from "../exit-code.ts"
import type { GroupTree } from "./command.ts"
import { type CommandContext, Globals, globalsOf, Style } from "./context.ts"
import { runWithEffectCli } from "./effect-cli.ts"
import { renderBug, renderFailure } from "./failure.ts"

/** A command line, and the circumstances in which it was typed. */
export interface CliInput {
  /** The words after the program's name. */
  readonly argv: ReadonlyArray<string>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The terminal's, read only when help or a table is printed. */
  readonly columns: () => number | undefined
  readonly version: string
  readonly onCommand?: (name: string) => void
}

/**
 * Runs a command line: prints its output and whatever goes wrong, bugs included, and succeeds with the exit code.
 * `services` are built when a command runs, and not for help, --version or a wrong command line. Interruption is passed
 * on.
 */
export const runCli = <R, E extends TakoError>(
  root: GroupTree<R, E>,
  services: Layer.Layer<Exclude<R, CommandContext>, TakoError, CommandContext>,
  input: CliInput
): Effect.Effect<ExitCode, never, Stdio | Signals> =>
  Effect.flatMap(Stdio, (streams) => {
    const prepared = prepare(root.spec, input.argv)
    const style = styleOf(streams, input, prepared)
    const stdio = streams.stderrIsTerminal ? foldingStderr(streams, style) : streams
    const program = Effect.provideService(carryOut(root, services, input, prepared, style), Stdio, stdio)
    return Effect.catchAllCause(program, (cause) => {
      if (Cause.isInterruptedOnly(cause)) return Effect.failCause(cause as Cause.Cause<never>)
      // A defect may be one of our errors, too: stdout on a full disk.
      const error = Option.getOrElse(Cause.failureOption(cause), () => Cause.squash(cause))
      return isTakoError(error)
        ? Effect.as(stdio.say(renderFailure(error, style.err)), exitCode(error))
        : Effect.as(stdio.say(renderBug(error, style.err)), failed)
    })
  })

/** Breaks messages between words, which the terminal would not. */
const foldingStderr = (stdio: Stdio["Type"], style: Style["Type"]): Stdio["Type"] => ({
  ...stdio,
  say: (line) => stdio.say(fold(line, style.columns))
})

const styleOf = (
  stdio: Stdio["Type"],
  { argv, environment, columns }: CliInput,
  prepared: Either.Either<Prepared, unknown>
): Style["Type"] => {
  const noColor =
    Either.isRight(prepared) && prepared.right._tag === "Invoke"
      ? globalsOf(prepared.right.flags).noColor
      : argv.includes("--no-color")
  return {
    out: ink(wantsColour(environment, noColor, stdio.stdoutIsTerminal)),
    err: ink(wantsColour(environment, noColor, stdio.stderrIsTerminal)),
    get columns() {
      return columns() ?? 80
    }
  }
}

const carryOut = <R, E extends TakoError>(
  root: GroupTree<R, E>,
  services: Layer.Layer<Exclude<R, CommandContext>, TakoError, CommandContext>,
  { version, onCommand }: CliInput,
  prepared: Either.Either<Prepared, Usage>,
  style: Style["Type"]
): Effect.Effect<ExitCode, TakoError, Stdio | Signals> =>
  Effect.gen(function* () {
    const stdio = yield* Stdio
    const request = yield* prepared
    switch (request._tag) {
      case "Help":
        if (request.asked) {
          yield* stdio.out(renderHelp(request.path, style.columns, style.out))
          return done
        }
        // A group alone is an incomplete command, after which a script must not go on.
        yield* stdio.say(renderHelp(request.path, style.columns, style.err).trimEnd())
        return wrongUsage
      case "Version":
        yield* stdio.out(`${root.spec.name} ${version}\n`)
        return done
      case "Invoke":
        onCommand?.(
          request.path
            .slice(1)
            .map(({ name }) => name)
            .join("-")
        )
        return yield* withAllowed(
          globalsOf(request.flags).allowUnbound,
          invoke(root, services, version, request)
        ).pipe(Effect.provideService(Globals, globalsOf(request.flags)), Effect.provideService(Style, style))
    }
  })

/** Puts what --allow-unbound names in the place of its variable. */
const withAllowed = <A, E, R>(
  given: Globals["Type"]["allowUnbound"],
  command: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Usage, R> => {
  if (Option.isNone(given)) return command
  if (Option.isNone(AllowUnbound.parseKeyIds(given.value))) {
    return new Usage({
      problem: "--allow-unbound takes the id of a key: 16 hex digits.",
      hint: "The command prints it when it refuses an environment that does not bind its values."
    })
  }
  const first = ConfigProvider.fromMap(new Map([[AllowUnbound.variable, given.value]]))
  return Effect.configProviderWith((current) =>
    Effect.withConfigProvider(
      command,
      ConfigProvider.orElse(first, () => current)
    )
  )
}

const invoke = <R, E extends TakoError>(
  root: GroupTree<R, E>,
  services: Layer.Layer<Exclude<R, CommandContext>, TakoError, CommandContext>,
  version: string,
  invocation: Invocation
): Effect.Effect<ExitCode, TakoError, CommandContext> =>
  Effect.suspend(() => {
    let code: ExitCode = done
    const command = root.commandAt(invocation.path.slice(1), (given) => {
      code = given
    })
    return runWithEffectCli(command, invocation, { name: root.spec.name, version }).pipe(
      Effect.provide(services),
      // Effect's default logger writes to stdout, which carries data only.
      Effect.provide(Logger.remove(Logger.defaultLogger)),
      Effect.map(() => code)
    ) as Effect.Effect<ExitCode, TakoError, CommandContext>
  })
