import { type ChildProcess, spawn } from "node:child_process"
import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Net from "node:net"
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
import { notStarted } from "./failure.ts"
import { codeOf, fifoPool } from "./fifo-pool.ts"
import { openPipe, type Pipe } from "./pipe.ts"
import { ProcessSpawner, type ProcessSpec, type RunningProcess } from "./process-spawner.ts"

/** Starts processes with pipes out of a pool that is filled `poolSize` at a time: 1 for a program that starts one. */
export const layerOf = ({ poolSize }: { readonly poolSize: number }): Layer.Layer<ProcessSpawner> =>
  Layer.scoped(
    ProcessSpawner,
    Effect.map(fifoPool(poolSize), (pool) => ({
      spawn: Effect.fn("ProcessSpawner.spawn")((spec: ProcessSpec) =>
        Effect.acquireRelease(
          pool
            .use((path) => start(spec, path))
            .pipe(
              Effect.catchTag("NoFifo", ({ code }) =>
                Effect.fail(new ProcessNotStarted({ command: spec.command[0], reason: "pipe", code }))
              )
            ),
          ({ signal }) => signal("SIGKILL")
        )
      )
    }))
  )

export const layer: Layer.Layer<ProcessSpawner> = layerOf({ poolSize: 1 })

const start = (spec: ProcessSpec, path: string): Effect.Effect<RunningProcess, ProcessNotStarted> =>
  Effect.async((resume) => {
    const token = Redacted.make(Crypto.randomBytes(32).toString("base64url"))
    const exit = Deferred.unsafeMake<ProcessExit>(FiberId.none)
    let pipe: Pipe
    try {
      pipe = openPipe(path)
    } catch (error) {
      const reason = { command: spec.command[0], reason: "pipe", code: codeOf(error) } as const
      return resume(Effect.fail(new ProcessNotStarted(reason)))
    }
    // The socket owns the descriptor from here on. It does not block, and a reader that is gone is EPIPE, which is its affair.
    const writer = new Net.Socket({ fd: pipe.writeEnd, readable: false, writable: true })
    writer.on("error", () => writer.destroy())
    let child: ChildProcess
    try {
      child = fork(spec, pipe)
    } catch (error) {
      writer.destroy()
      return resume(Effect.fail(notStarted(spec, error)))
    } finally {
      Fs.closeSync(pipe.readEnd)
    }
    child.once("error", (error) => {
      writer.destroy()
      resume(Effect.fail(notStarted(spec, error)))
    })
    child.once("spawn", () => {
      writer.end(Redacted.value(encode({ token, secrets: spec.secrets })))
      resume(Effect.succeed(running(child, token, exit)))
    })
    child.once("exit", (code, signal) => {
      writer.destroy()
      const ended: ProcessExit =
        signal === null ? { _tag: "Exited", code: code ?? 1 } : { _tag: "Signalled", signal }
      Deferred.unsafeDone(exit, Exit.succeed(ended))
    })
  })

const fork = (
  { command: [program, ...args], environment, directory }: ProcessSpec,
  pipe: Pipe
): ChildProcess =>
  spawn(program, args, {
    ...(directory === undefined ? {} : { cwd: directory }),
    env: { ...childEnvironment(environment), TAKO_PIPE: pipe.identity },
    stdio: ["inherit", "inherit", "inherit", pipe.readEnd]
  })

const running = (
  child: ChildProcess,
  token: RunningProcess["token"],
  exit: Deferred.Deferred<ProcessExit>
): RunningProcess => ({
  pid: child.pid as number,
  token,
  exit: Deferred.await(exit),
  signal: (name: SignalName) => Effect.sync(() => child.kill(name as NodeJS.Signals))
})
