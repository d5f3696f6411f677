import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { SocketRefused } from "../../domain/errors/server.ts"
import { defaults } from "../../programs/supervisor/plan.ts"
import { serve } from "../../programs/supervisor/serve.ts"
import { attempt } from "../../services/files/attempt.ts"
import { layer as signalsLayer } from "../../services/signals/layer.ts"
import { Signals } from "../../services/signals/signals.ts"
import { exitCode, isTakoError } from "../exit-code.ts"
import { version } from "../version.ts"
import { layers } from "./layers.ts"
import { logger } from "./log.ts"
import { help, parse, type ServerOptions } from "./options.ts"
import { unit } from "./unit.ts"
import { warnings } from "./warnings.ts"

const say = (text: string): void => void Fs.writeSync(2, `${text}\n`)
const tell = (text: string): void => void Fs.writeSync(1, text)

/** Runs what was typed, and ends the process with its exit code. */
export const main = (args: ReadonlyArray<string>): void => {
  const isRoot = process.geteuid?.() === 0
  const request = parse(args, isRoot)
  switch (request._tag) {
    case "Usage":
      say(request.message)
      process.exit(2)
      break
    case "Help":
      tell(help())
      break
    case "Version":
      tell(`tako-server ${version}\n`)
      break
    case "Unit":
      tell(unit([process.execPath, Path.resolve(process.argv[1] ?? "tako-server")]))
      break
    case "Run":
      run(request.options, isRoot)
  }
}

const makeFolderOf = (socket: string): Effect.Effect<void, SocketRefused> =>
  Effect.mapError(
    attempt("write", socket, () => Fs.mkdirSync(Path.dirname(socket), { recursive: true, mode: 0o755 })),
    ({ code }) => new SocketRefused({ path: socket, problem: "failed", code })
  )

const run = (options: ServerOptions, isRoot: boolean): void => {
  // Nobody but us reads what we make, unless it is said otherwise.
  process.umask(0o077)
  const credentials = process.env.CREDENTIALS_DIRECTORY
  const hasCredential = credentials !== undefined
  for (const warning of warnings(options, { isRoot, hasCredential })) say(`warning: ${warning}`)
  const { window, startWithin } = options
  const settings = { ...defaults, window, startWithin, inherited: { ...process.env } }
  const host = { version, pid: process.pid, memory: Effect.sync(() => process.memoryUsage.rss()) }
  const server = Effect.gen(function* () {
    yield* makeFolderOf(options.socket)
    yield* serve(settings, host)
    yield* Effect.never
  }).pipe(Effect.scoped, Effect.provide(layers(options, credentials)))
  const program = Effect.gen(function* () {
    const told = yield* Deferred.make<void>()
    const signals = yield* Signals
    yield* signals.take(["SIGINT", "SIGTERM", "SIGHUP"], () =>
      // A second one does not wait; what was started is killed with us.
      Effect.flatMap(Deferred.succeed(told, undefined), (first) =>
        first ? Effect.logInfo("told to end") : Effect.sync(() => process.exit(1))
      )
    )
    yield* Effect.raceFirst(server, Deferred.await(told))
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(signalsLayer, Logger.replace(Logger.defaultLogger, logger)))
  )
  // A callback of Node's that throws: what it threw may quote a value.
  process.on("uncaughtException", (defect) => {
    say(`tako-server met a bug of its own (${defect.constructor.name}) and ended.`)
    process.exit(1)
  })
  Effect.runFork(program).addObserver((exit) => {
    if (Exit.isSuccess(exit)) process.exit(0)
    const error = Cause.squash(exit.cause)
    if (isTakoError(error)) {
      say(error.message)
      process.exit(exitCode(error))
    }
    const kind = error instanceof Error ? error.constructor.name : typeof error
    say(`tako-server met a bug of its own (${kind}) and ended.`)
    process.exit(1)
  })
}
