import * as Fs from "node:fs"
import * as Path from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { SocketRefused } from "../../domain/errors/server.ts"
import { defaults } from "../../programs/supervisor/plan.ts"
import { serve } from "../../programs/supervisor/serve.ts"
import { attempt } from "../../services/files/errno.ts"
import { layer as signalsLayer } from "../../services/signals/layer.ts"
import { Signals } from "../../services/signals/signals.ts"
import { exitCode, isTakoError } from "../exit-code.ts"
import { version } from "../version.ts"
import { layers } from "./layers.ts"
import { logger } from "./log.ts"
import { help, parse, type ServerOptions } from "./options.ts"
import { unit } from "./unit.ts"
import { warnings } from "./warnings.ts"

/** Runs the command line and exits with its exit code. */
export const main = (args: ReadonlyArray<string>): void => {
  const isRoot = process.geteuid?.() === 0
  const request = parse(args, isRoot)
  switch (request._tag) {
    case "Usage":
      printError(request.message)
      process.exit(2)
      break
    case "Help":
      print(help())
      break
    case "Version":
      print(`tako-server ${version}\n`)
      break
    case "Unit":
      print(unit([process.execPath, Path.resolve(process.argv[1] ?? "tako-server")]))
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
  // Only our own user may read the files we create, unless a mode is set explicitly.
  process.umask(0o077)
  const credentials = process.env.CREDENTIALS_DIRECTORY
  const hasCredential = credentials !== undefined
  for (const warning of warnings(options, { isRoot, hasCredential })) printError(`warning: ${warning}`)
  const { window, startWithin } = options
  const settings = { ...defaults, window, startWithin, inherited: { ...process.env } }
  const host = { version, pid: process.pid, memory: Effect.sync(() => process.memoryUsage.rss()) }
  const server = Effect.gen(function* () {
    yield* makeFolderOf(options.socket)
    yield* serve(settings, host)
    yield* Effect.never
  }).pipe(Effect.scoped, Effect.provide(layers(options, credentials)))
  const program = Effect.gen(function* () {
    const stopRequested = yield* Deferred.make<void>()
    const signals = yield* Signals
    // A second signal does not wait for the drain: instances die with this process.
    yield* signals.handle(["SIGINT", "SIGTERM", "SIGHUP"], () =>
      Effect.flatMap(Deferred.succeed(stopRequested, undefined), (isFirst) =>
        isFirst ? Effect.logInfo("stopping") : Effect.sync(() => process.exit(1))
      )
    )
    yield* Effect.raceFirst(server, Deferred.await(stopRequested))
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(signalsLayer, Logger.replace(Logger.defaultLogger, logger)))
  )
  // A Node callback threw. Its error may quote a value, so only its kind is printed.
  process.on("uncaughtException", (defect) => {
    printError(bugMessage(defect))
    process.exit(1)
  })
  // NodeRuntime interrupts its fiber and the children of that at SIGINT and SIGTERM. A daemon goes on to handle a second signal.
  const main = Effect.uninterruptible(
    Effect.flatMap(Effect.forkDaemon(Effect.interruptible(program)), Fiber.join)
  )
  NodeRuntime.runMain(main, {
    disableErrorReporting: true,
    disablePrettyLogger: true,
    teardown: (exit) => process.exit(report(exit))
  })
}

/** Prints why the server stopped, unless a signal asked it to, and returns the exit code. */
const report = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return 0
  const error = Cause.squash(exit.cause)
  printError(isTakoError(error) ? error.message : bugMessage(error))
  return isTakoError(error) ? exitCode(error) : 1
}

const bugMessage = (defect: unknown): string =>
  `tako-server stopped because of a bug (${defect instanceof Error ? defect.constructor.name : typeof defect}).`

const print = (text: string): void => void Fs.writeSync(1, text)
const printError = (text: string): void => void Fs.writeSync(2, `${text}\n`)
