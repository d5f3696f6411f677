import { type ChildProcess, spawn } from "node:child_process"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { omitUndefined } from "../../../src/domain/omit-undefined.ts"

export interface Child {
  readonly pid: number
  readonly says: (word: string) => Effect.Effect<void>
  readonly tell: Effect.Effect<void>
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly end: Effect.Effect<number | NodeJS.Signals>
}

export interface Options {
  readonly uid?: number
  readonly directory?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** A process of ours, which does not outlive the scope. */
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
      let said = ""
      child.stdout.on("data", (chunk: Buffer) => {
        said += chunk.toString("latin1")
      })
      return {
        pid: child.pid as number,
        says: (word) =>
          Effect.async<void>((resume) => {
            const look = () => {
              if (!said.includes(word)) return
              child.stdout.off("data", look)
              resume(Effect.void)
            }
            child.stdout.on("data", look)
            look()
          }),
        tell: Effect.sync(() => child.stdin.write("go\n")),
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
