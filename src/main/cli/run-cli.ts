import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { Usage } from "../../domain/errors/user.ts"
import { fold } from "../../domain/fold.ts"
import type { Signals } from "../../services/signals/signals.ts"
import { Stdio } from "../../services/stdio/stdio.ts"
import { renderHelp } from "../command-line/help.ts"
import { ink, wantsColour } from "../command-line/ink.ts"
import { type Prepared, prepare } from "../command-line/prepare.ts"
import {
  done,
  type ExitCode,
  exitCode,
  failed,
  isTakoError,
  type TakoError,
  wrongUsage
} from "../exit-code.ts"
import { type GroupTree, Outcome } from "./command.ts"
import { Globals, Style } from "./context.ts"
import { layerCliEnvironment, mutedConsole } from "./effect-cli.ts"
import { renderBug, renderFailure } from "./failure.ts"

/** What the frame gives to every command, and to the layers that commands are given. */
export type Frame = Stdio | Signals | Globals | Style

/** A command line and the circumstances in which it was typed. */
export interface Invocation {
  /** What stands behind the program's name. */
  readonly argv: ReadonlyArray<string>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Of the terminal; asked when help is printed. */
  readonly columns: () => number | undefined
  readonly version: string
}

/**
 * Runs a command line to its end: prints what it has to say, an error or a bug included, and succeeds with the exit
 * code. `services` are built for a command alone, not for help, --version or a wrong command line. Interruption is
 * passed on.
 */
export const runCli = <R, E extends TakoError>(
  root: GroupTree<R, E>,
  services: Layer.Layer<Exclude<R, Frame | Outcome>, TakoError, Frame>,
  invocation: Invocation
): Effect.Effect<ExitCode, never, Stdio | Signals> =>
  Effect.flatMap(Stdio, (streams) => {
    const prepared = prepare(root.spec, invocation.argv)
    const style = styleOf(streams, invocation, prepared)
    const stdio = streams.stderrIsTerminal ? folding(streams, style) : streams
    const carriedOut = Effect.provideService(
      carryOut(root, services, invocation, prepared, style),
      Stdio,
      stdio
    )
    return Effect.catchAllCause(carriedOut, (cause) => {
      if (Cause.isInterruptedOnly(cause)) return Effect.failCause(cause as Cause.Cause<never>)
      // A defect may be an error of ours, too: stdout on a full disk.
      const error = Option.getOrElse(Cause.failureOption(cause), () => Cause.squash(cause))
      return isTakoError(error)
        ? Effect.as(stdio.say(renderFailure(error, style.err)), exitCode(error))
        : Effect.as(stdio.say(renderBug(error, style.err)), failed)
    })
  })

/** What is said is broken between words, as the terminal would not. */
const folding = (stdio: Stdio["Type"], style: Style["Type"]): Stdio["Type"] => ({
  ...stdio,
  say: (line) => stdio.say(fold(line, style.columns))
})

const carryOut = <R, E extends TakoError>(
  root: GroupTree<R, E>,
  services: Layer.Layer<Exclude<R, Frame | Outcome>, TakoError, Frame>,
  { version }: Invocation,
  prepared: Either.Either<Prepared, Usage>,
  style: Style["Type"]
): Effect.Effect<ExitCode, TakoError, Stdio | Signals> =>
  Effect.gen(function* () {
    const stdio = yield* Stdio
    const asked = yield* prepared
    switch (asked._tag) {
      case "Help":
        if (asked.asked) {
          yield* stdio.out(renderHelp(asked.path, style.columns, style.out))
          return done
        }
        // A group alone is an incomplete command: a script that typed it must not go on.
        yield* stdio.say(renderHelp(asked.path, style.columns, style.err).trimEnd())
        return wrongUsage
      case "Version":
        yield* stdio.out(`${root.spec.name} ${version}\n`)
        return done
      case "Invoke":
        return yield* invoke(root, services, version, asked).pipe(
          Effect.provideService(Globals, asked.globals),
          Effect.provideService(Style, style)
        )
    }
  })

const styleOf = (
  stdio: Stdio["Type"],
  { argv, environment, columns }: Invocation,
  prepared: Either.Either<Prepared, unknown>
): Style["Type"] => {
  const noColor =
    Either.isRight(prepared) && prepared.right._tag === "Invoke"
      ? prepared.right.globals.noColor
      : argv.includes("--no-color")
  return {
    out: ink(wantsColour(environment, noColor, stdio.stdoutIsTerminal)),
    err: ink(wantsColour(environment, noColor, stdio.stderrIsTerminal)),
    get columns() {
      return columns() ?? 80
    }
  }
}

/** Has @effect/cli read what the command was given and run it; succeeds with the code that it returned. */
const invoke = <R, E extends TakoError>(
  root: GroupTree<R, E>,
  services: Layer.Layer<Exclude<R, Frame | Outcome>, TakoError, Frame>,
  version: string,
  { path, argv }: Extract<Prepared, { readonly _tag: "Invoke" }>
): Effect.Effect<ExitCode, TakoError, Frame> =>
  Effect.flatMap(
    Ref.make<ExitCode>(done),
    (code) =>
      // It drops the program and the script, and puts the command's name in front by itself.
      Command.run(root.commandAt(path.slice(1)), { name: root.spec.name, version })(["", "", ...argv]).pipe(
        Effect.mapError((error) => (ValidationError.isValidationError(error) ? notUnderstood : error)),
        Effect.provide(services),
        Effect.provide(quiet),
        Effect.provideService(Outcome, { endWith: (ending) => Ref.set(code, ending) }),
        Effect.withConsole(mutedConsole),
        Effect.zipRight(Ref.get(code))
      ) as Effect.Effect<ExitCode, TakoError, Frame>
  )

// Effect's default logger writes to stdout, which carries data alone; and what tako has to say it says through Stdio.
const quiet = Layer.mergeAll(
  layerCliEnvironment,
  CliConfig.layer({ isCaseSensitive: true, autoCorrectLimit: 0 }),
  Logger.remove(Logger.defaultLogger)
)

// What prepare lets through, @effect/cli understands; its own words are not shown, they repeat what was typed.
const notUnderstood = new Usage({
  problem: "That command line was not understood.",
  hint: "See: tako --help"
})
