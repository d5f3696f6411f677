import * as Fs from "node:fs"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { SignalName } from "../../../src/domain/process.ts"
import { layer } from "../../../src/services/signals/layer.ts"
import { Signals } from "../../../src/services/signals/signals.ts"

// Prints "ready", then does what its first argument names with the signal that its second one names.
const [task, name] = process.argv.slice(2) as [string, SignalName]

const ready = Effect.sync(() => Fs.writeSync(1, "ready\n"))

const program = Effect.gen(function* () {
  const signals = yield* Signals
  switch (task) {
    case "die":
      return yield* signals.terminateWith(name)
    case "die-although-taken":
      yield* signals.handle([name], () => Effect.void)
      return yield* signals.terminateWith(name)
    case "take": {
      const arrived = yield* Deferred.make<SignalName>()
      yield* signals.handle([name], (each) => Effect.asVoid(Deferred.succeed(arrived, each)))
      yield* ready
      return Fs.writeSync(1, yield* Deferred.await(arrived))
    }
    default:
      // The signal's default action.
      yield* ready
      return yield* Effect.never
  }
})

// A signal handler alone does not keep the process alive.
setInterval(() => {}, 60_000)

Effect.runFork(Effect.provide(Effect.scoped(program), layer)).addObserver(() => process.exit(0))
