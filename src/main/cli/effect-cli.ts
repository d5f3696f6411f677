import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as ValidationError from "@effect/cli/ValidationError"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Terminal from "@effect/platform/Terminal"
import type * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Usage } from "../../domain/errors/user.ts"
import type { Invocation } from "../command-line/prepare.ts"
import type { RunnableCommand } from "./command.ts"

// Everything that stands between us and @effect/cli 0.77, which runs the commands, and why:
//
// - command-line/prepare.ts reads argv first, because @effect/cli takes no options after arguments, has no aliases, reads
//   `run node -e x` as `--env x`, and quotes what was typed in its errors.
// - encode and decode: it trims arguments, and takes --help, --version and --wizard for its own even after "--".
// - silentConsole: it prints what it thinks of a command line by itself, values included.
// - unusedPlatform: its type asks for a file system and a terminal, for options that check files and for its prompts. No
//   command of ours uses either. platform-node's real ones would cost `secrets ls` 3 % of its instructions for the file
//   system and 30 % with NodeTerminal, which also opens process.stdin, and that belongs to the program that `run` starts.
// - scripts/without-prompts.mjs leaves its prompts out of the bundle: they are for --wizard, which tako refuses, and
//   would cost `secrets ls` another 3 %.
// - Handlers hand their exit code to commandAt (command.ts), because it drops what they return.

/** Has @effect/cli parse what was typed for a command and run it. */
export const runWithEffectCli = <R, E>(
  command: RunnableCommand<R, E>,
  invocation: Invocation,
  program: { readonly name: string; readonly version: string }
) =>
  // It drops the first two words, which are Node and the script, and puts the command's name in front.
  Command.run(
    command,
    program
  )(["", "", ...argvOf(invocation)]).pipe(
    Effect.mapError((error) => (ValidationError.isValidationError(error) ? notUnderstood : error)),
    Effect.provide(unusedPlatform),
    Effect.provide(CliConfig.layer({ isCaseSensitive: true, autoCorrectLimit: 0 })),
    Effect.withConsole(silentConsole)
  )

/**
 * Each flag as `--name` or `--name=value`, then `--` and one token for each declared argument; values and arguments are
 * encoded.
 */
export const argvOf = ({ command, flags, arguments: words }: Invocation): ReadonlyArray<string> => [
  ...command.flags.flatMap((flag) => {
    const value = flags.get(flag)
    if (value === undefined) return []
    return [value === true ? `--${flag.name}` : `--${flag.name}=${encode(value)}`]
  }),
  "--",
  ...command.arguments.map(({ takes }, n) =>
    encode(takes === "one" ? (words[n]?.[0] ?? "") : (words[n] ?? []))
  )
]

/** JSON on one line; @effect/cli's patterns end at any line terminator. */
const encode = (value: string | ReadonlyArray<string>): string =>
  JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")

/** The inverse of `encode`. */
export const decode = <A extends string | ReadonlyArray<string>>(token: string): A => JSON.parse(token) as A

const refuse = Effect.dieMessage("tako asks through its own Terminal")

const unusedPlatform = Layer.mergeAll(
  FileSystem.layerNoop({}),
  Path.layer,
  Layer.succeed(Terminal.Terminal, {
    columns: Effect.succeed(80),
    rows: Effect.succeed(24),
    isTTY: Effect.succeed(false),
    readInput: refuse,
    readLine: refuse,
    display: () => refuse
  })
)

const silentConsole = new Proxy({} as Console.Console, { get: () => () => Effect.void })

// prepare lets nothing through that @effect/cli does not understand, so this is never seen.
const notUnderstood = new Usage({
  problem: "That command line was not understood.",
  hint: "See: tako --help"
})
