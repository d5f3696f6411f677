import { type ChildProcess, spawn } from "node:child_process"
import * as Effect from "effect/Effect"
import { childEnvironment } from "../process-spawner/process-spawner.ts"
import type { Environment } from "./programs.ts"

/** Longer than any clipboard takes; an owner of the selection that hangs holds xclip -out for ever. */
const patience = "5 seconds"

/**
 * Gives a program a text on stdin and waits for its own end. wl-copy, xclip and xsel leave a child behind that serves
 * the selection and keeps what it inherited, so their output goes nowhere and is not waited for.
 */
export const feed = (
  program: string,
  args: ReadonlyArray<string>,
  environment: Environment,
  text: Uint8Array
): Effect.Effect<void, "failed"> =>
  run(
    () => spawn(program, args, { stdio: ["pipe", "ignore", "ignore"], env: childEnvironment(environment) }),
    {
      ends: "exit",
      start: (child, fail) => {
        child.stdin?.on("error", fail)
        child.stdin?.end(text)
      },
      result: () => undefined
    }
  )

/** What a program prints. */
export const print = (
  program: string,
  args: ReadonlyArray<string>,
  environment: Environment
): Effect.Effect<Uint8Array, "failed"> => {
  const chunks: Array<Buffer> = []
  return run(
    () => spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], env: childEnvironment(environment) }),
    {
      ends: "close",
      start: (child) => child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk)),
      result: () => Buffer.concat(chunks)
    }
  )
}

const run = <A>(
  start: () => ChildProcess,
  task: {
    readonly ends: "exit" | "close"
    readonly start: (child: ChildProcess, fail: () => void) => void
    readonly result: () => A
  }
): Effect.Effect<A, "failed"> =>
  Effect.acquireUseRelease(
    Effect.try({ try: start, catch: () => "failed" as const }),
    (child) =>
      Effect.async<A, "failed">((resume) => {
        const fail = () => resume(Effect.fail("failed"))
        child.on("error", fail)
        child.on(task.ends, (code: number | null) => {
          if (code === 0) resume(Effect.sync(task.result))
          else fail()
        })
        task.start(child, fail)
      }).pipe(Effect.timeoutFail({ duration: patience, onTimeout: () => "failed" as const })),
    (child) =>
      Effect.sync(() => {
        child.stdin?.destroy()
        child.stdout?.destroy()
        if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL")
      })
  )
