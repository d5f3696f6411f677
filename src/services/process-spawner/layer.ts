import { type ChildProcess, spawn } from "node:child_process"
import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { encode } from "../../domain/envelope.ts"
import { ProcessNotStarted } from "../../domain/errors/processes.ts"
import type { ProcessExit, SignalName } from "../../domain/process.ts"
import { childEnvironment } from "./child-environment.ts"
import { deliver } from "./deliver.ts"
import { notStarted } from "./failure.ts"
import type { Pipe } from "./pipe.ts"
import { pipePool } from "./pipe-pool.ts"
import { ProcessSpawner, type ProcessSpec, type RunningProcess } from "./process-spawner.ts"

/** Starts processes with pipes out of a pool that is filled `poolSize` at a time: 1 for a program that starts one. */
export const layerOf = ({ poolSize }: { readonly poolSize: number }): Layer.Layer<ProcessSpawner> =>
  Layer.scoped(
    ProcessSpawner,
    Effect.map(pipePool(poolSize), (pool) => ({
      spawn: Effect.fn("ProcessSpawner.spawn")((spec: ProcessSpec) =>
        Effect.suspend(() => {
          const token = Redacted.make(Crypto.randomBytes(32).toString("base64url"))
          const envelope = encode({ token, secrets: spec.secrets })
          return pool.take.pipe(
            Effect.mapError(
              ({ code }) => new ProcessNotStarted({ command: spec.command[0], reason: "pipe", code })
            ),
            Effect.flatMap((pipe) => start(spec, Redacted.value(envelope), pipe)),
            Effect.acquireRelease(kill),
            Effect.map((started) => running(started, token))
          )
        })
      )
    }))
  )

export const layer: Layer.Layer<ProcessSpawner> = layerOf({ poolSize: 1 })

interface Started {
  readonly child: ChildProcess
  readonly exit: Effect.Effect<ProcessExit>
}

const start = (spec: ProcessSpec, envelope: string, pipe: Pipe): Effect.Effect<Started, ProcessNotStarted> =>
  Effect.async((resume) => {
    // Before the program is there: whatever becomes of us then, it has what fits.
    const { finish, abandon } = deliver(pipe.writeEnd, envelope)
    const refused = (error: unknown) => {
      abandon()
      resume(Effect.fail(notStarted(spec, error)))
    }
    let child: ChildProcess
    try {
      child = startWith(spec, pipe)
    } catch (error) {
      return refused(error)
    } finally {
      Fs.closeSync(pipe.readEnd)
    }
    const exit = Deferred.unsafeMake<ProcessExit>(FiberId.none)
    child.once("error", refused)
    child.once("spawn", () => {
      // From here on it is a signal that could not be sent: to a program that has become another user's (EPERM).
      child.off("error", refused).on("error", () => {})
      try {
        finish()
      } catch (error) {
        child.kill("SIGKILL")
        return refused(error)
      }
      resume(Effect.succeed({ child, exit: Deferred.await(exit) }))
    })
    // Not "close": what it leaves behind may hold our pipes for longer.
    child.once("exit", (code, signal) => {
      abandon()
      const ended: ProcessExit =
        signal === null ? { _tag: "Exited", code: code ?? 1 } : { _tag: "Signalled", signal }
      Deferred.unsafeDone(exit, Exit.succeed(ended))
    })
  })

const startWith = (
  { command: [program, ...args], environment, directory }: ProcessSpec,
  pipe: Pipe
): ChildProcess =>
  spawn(program, args, {
    ...(directory === undefined ? {} : { cwd: directory }),
    env: { ...childEnvironment(environment), TAKO_PIPE: pipe.identity },
    stdio: ["inherit", "inherit", "inherit", pipe.readEnd]
  })

const running = ({ child, exit }: Started, token: RunningProcess["token"]): RunningProcess => ({
  pid: child.pid as number,
  token,
  exit,
  signal: (name: SignalName) => Effect.sync(() => child.kill(name as NodeJS.Signals))
})

/** Nothing of it is left afterwards, unless it has become another user's. */
const kill = ({ child, exit }: Started): Effect.Effect<void> =>
  Effect.suspend(() => (child.kill("SIGKILL") ? Effect.asVoid(exit) : Effect.void))
