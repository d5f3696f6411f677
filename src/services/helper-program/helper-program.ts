import { spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { omitUndefined } from "../../domain/omit-undefined.ts"

// On node:child_process, because the CommandExecutor of @effect/platform-node cannot run a program as another user, give it
// /dev/null or a terminal for stdin, send its output nowhere, or stop one that ignores SIGTERM.

/** A small program that is run for its answer. */
export interface HelperProgram {
  /** A path, or a name to look for in the PATH of `environment`. */
  readonly program: string
  readonly args: ReadonlyArray<string>
  /** All of its environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>
  /** In ms. After that it is killed. */
  readonly timeLimit: number
  /** The most bytes that its output may have. Without it, the output goes to /dev/null. */
  readonly outputLimit?: number
  readonly directory?: string
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** Gives it a session of its own, without a terminal: it cannot ask anything there, and gets no Ctrl-C. */
  readonly ownSession?: boolean
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** Why there is no answer; "failed" is for callers whose program must succeed. Names neither the program nor its arguments. */
export class HelperFailed extends Data.TaggedError("HelperFailed")<{
  readonly reason: "not-found" | "not-started" | "failed" | "stdin-closed" | "too-much-output" | "timeout"
  /** The errno's name of a program that could not be started. */
  readonly code?: string
}> {}

/**
 * Runs a program until it ends. What it leaves running in the background does not delay its end when its output goes to
 * /dev/null; when its output is read, the end is that of the output. Interruption kills it.
 */
export const run = (
  helper: HelperProgram & { readonly stdin?: Uint8Array }
): Effect.Effect<Ended, HelperFailed> =>
  Effect.suspend(() => {
    let timer: NodeJS.Timeout | undefined
    const output = helper.outputLimit === undefined ? "ignore" : "pipe"
    const start = () =>
      spawn(helper.program, helper.args, {
        stdio: [helper.stdin === undefined ? "ignore" : "pipe", output, output],
        env: helper.environment,
        detached: helper.ownSession === true,
        ...helper.user,
        ...omitUndefined({ cwd: helper.directory })
      })
    return Effect.acquireUseRelease(
      Effect.try({ try: start, catch: notStarted }),
      (child) =>
        Effect.async<Ended, HelperFailed>((resume) => {
          const fail = (reason: HelperFailed["reason"]) => resume(new HelperFailed({ reason }))
          let left = helper.outputLimit ?? 0
          const collect = (stream: NodeJS.ReadableStream | null): Array<Buffer> => {
            const chunks: Array<Buffer> = []
            stream?.on("data", (chunk: Buffer) => {
              left -= chunk.length
              if (left < 0) fail("too-much-output")
              else chunks.push(chunk)
            })
            return chunks
          }
          const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
          child.once("error", (error) => resume(notStarted(error)))
          child.once(output === "pipe" ? "close" : "exit", (exitCode: number | null) =>
            resume(Effect.succeed({ exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }))
          )
          child.stdin?.on("error", () => fail("stdin-closed")).end(helper.stdin)
          timer = setTimeout(fail, helper.timeLimit, "timeout")
        }),
      (child) =>
        Effect.sync(() => {
          clearTimeout(timer)
          for (const stream of child.stdio) stream?.destroy()
          if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL")
        })
    )
  })

/**
 * As {@link run}, while nothing else happens in this process, and without its sockets: they would make a piped stderr of
 * this process non-blocking. What the program writes to stderr goes to /dev/null. None unless it succeeds.
 */
export const runSync = (helper: HelperProgram & { readonly stdin?: number }): Option.Option<Buffer> => {
  const { status, stdout } = spawnSync(helper.program, helper.args, {
    stdio: [helper.stdin ?? "ignore", "pipe", "ignore"],
    env: { ...helper.environment },
    timeout: helper.timeLimit,
    killSignal: "SIGKILL",
    maxBuffer: helper.outputLimit
  })
  return status === 0 ? Option.some(stdout) : Option.none()
}

/** The absolute path of a program. Relative folders of the PATH do not count: a repository may put programs there. */
export const findProgram = (name: string, path: string): string | undefined =>
  path
    .split(Path.delimiter)
    .filter(Path.isAbsolute)
    .map((folder) => Path.join(folder, name))
    .find(isProgram)

const isProgram = (file: string): boolean => {
  try {
    Fs.accessSync(file, Fs.constants.X_OK)
    return Fs.statSync(file).isFile()
  } catch {
    return false
  }
}

const notStarted = (error: unknown): HelperFailed => {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown"
  return new HelperFailed({ reason: code === "ENOENT" ? "not-found" : "not-started", code })
}
