import { type ChildProcess, spawn } from "node:child_process"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { omitUndefined } from "../../../src/domain/omit-undefined.ts"

export interface Child {
  readonly pid: number
  readonly waitFor: (word: string) => Effect.Effect<void>
  readonly begin: Effect.Effect<void>
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly end: Effect.Effect<number | NodeJS.Signals>
}

export interface Options {
  readonly uid?: number
  readonly directory?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Starts a process that ends with the scope. */
export const start = (
  command: readonly [string, ...ReadonlyArray<string>],
  options: Options = {}
): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const [program, ...parameters] = command
        const child = spawn(program, parameters, {
          stdio: ["pipe", "pipe", "inherit"],
          ...omitUndefined({
            uid: options.uid,
            gid: options.uid,
            cwd: options.directory,
            env: options.environment && { ...process.env, ...options.environment }
          })
        })
        child.stdin.on("error", () => {})
        return child
      }),
      (child) =>
        Effect.zipRight(
          Effect.sync(() => child.kill("SIGKILL")),
          ended(child)
        )
    ),
    (child) => {
      let output = ""
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString("latin1")
      })
      return {
        pid: child.pid as number,
        waitFor: (word) =>
          Effect.async<void>((resume) => {
            const look = () => {
              if (!output.includes(word)) return
              child.stdout.off("data", look)
              resume(Effect.void)
            }
            child.stdout.on("data", look)
            look()
          }),
        begin: Effect.sync(() => child.stdin.write("go\n")),
        kill: (signal) => Effect.sync(() => child.kill(signal)),
        end: ended(child)
      }
    }
  )

const ended = (child: ChildProcess): Effect.Effect<number | NodeJS.Signals> =>
  Effect.async((resume) => {
    const look = () => {
      const end = child.exitCode ?? child.signalCode
      if (end !== null) resume(Effect.succeed(end))
    }
    child.once("exit", look)
    look()
  })
