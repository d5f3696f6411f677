import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Terminal from "@effect/platform/Terminal"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const refuse = Effect.dieMessage("tako asks through its own Terminal")

/** What @effect/cli requires for options that name files, and for its prompts. No command of ours uses either. */
export const layerCliEnvironment = Layer.mergeAll(
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

const nothing = (): void => {}
const silence = (): Effect.Effect<void> => Effect.void

/** Where @effect/cli prints what it thinks of a command line: nowhere. Commands print through Stdio. */
export const mutedConsole: Console.Console = {
  [Console.TypeId]: Console.TypeId,
  assert: silence,
  clear: Effect.void,
  count: silence,
  countReset: silence,
  debug: silence,
  dir: silence,
  dirxml: silence,
  error: silence,
  group: silence,
  groupEnd: Effect.void,
  info: silence,
  log: silence,
  table: silence,
  time: silence,
  timeEnd: silence,
  timeLog: silence,
  trace: silence,
  warn: silence,
  unsafe: {
    assert: nothing,
    clear: nothing,
    count: nothing,
    countReset: nothing,
    debug: nothing,
    dir: nothing,
    dirxml: nothing,
    error: nothing,
    group: nothing,
    groupCollapsed: nothing,
    groupEnd: nothing,
    info: nothing,
    log: nothing,
    table: nothing,
    time: nothing,
    timeEnd: nothing,
    timeLog: nothing,
    trace: nothing,
    warn: nothing
  }
}
