import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import { ProcessNotStarted } from "../../domain/errors/processes.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { type PortReport, silent } from "../../domain/port-report.ts"
import type { ProcessExit } from "../../domain/process.ts"
import { childEnvironment } from "../helper-program/child-environment.ts"
import { run } from "../helper-program/helper-program.ts"
import type { Cgroup } from "./cgroups.ts"
import { deliver, type Output, type Readiness, readOutput, readReadiness } from "./pipe-ends.ts"
import { codeOf, endsOfChild, type Pipes } from "./pipes.ts"
import type { ProcessSpec } from "./process-spawner.ts"

export interface Started {
  readonly child: ChildProcess
  readonly exit: Effect.Effect<ProcessExit>
  readonly port: Effect.Effect<PortReport>
  /** "NAME=value" in the environment of this process and its descendants only. */
  readonly mark: string
  /** The cgroup that it and its descendants are in, if they have one of their own. */
  readonly cgroup: Cgroup | undefined
  /** Stops reading the output of the process and its children. */
  readonly closeOutput: () => void
}

interface StartOptions {
  readonly envelope: string
  readonly pipes: Pipes
  readonly wrapper: Wrapper
  readonly cgroup: Cgroup | undefined
}

/** Starts the program with these pipes, and closes each pipe once it is no longer needed. */
export const start = (
  spec: ProcessSpec,
  { envelope, pipes, wrapper, cgroup }: StartOptions
): Effect.Effect<Started, ProcessNotStarted> =>
  Effect.async((resume) => {
    // Before the program starts: even if we die right after, it gets whatever fits into the pipe.
    const { finish, abandon } = deliver(pipes.secrets.writeEnd, envelope)
    const report = Deferred.unsafeMake<PortReport>(FiberId.none)
    const completeReport = (result: PortReport) => Deferred.unsafeDone(report, Exit.succeed(result))
    let readiness: Readiness | undefined
    let outputs: ReadonlyArray<Output> = []
    const giveUp = () => {
      abandon()
      readiness?.finish()
      for (const output of outputs) output.finish()
    }
    const closeOutput = () => {
      for (const output of outputs) output.close()
    }
    const refused = (error: unknown) => {
      giveUp()
      closeOutput()
      resume(Effect.fail(notStarted(spec, error)))
    }
    let child: ChildProcess
    try {
      if (pipes.readiness === undefined) completeReport(silent)
      else readiness = readReadiness(pipes.readiness.readEnd, completeReport)
      outputs = readOutputs(spec, pipes)
      const fork = () => spawnWith(spec, pipes, wrapper)
      child = cgroup === undefined ? fork() : cgroup.enclose(fork)
    } catch (error) {
      return refused(error)
    } finally {
      for (const end of endsOfChild(pipes)) Fs.closeSync(end)
    }
    const exit = Deferred.unsafeMake<ProcessExit>(FiberId.none)
    child.once("error", refused)
    child.once("spawn", () => {
      // From here on, an error is a signal that could not be sent, to a program that changed its user (EPERM).
      child.off("error", refused).on("error", () => {})
      try {
        finish()
      } catch (error) {
        child.kill("SIGKILL")
        return refused(error)
      }
      const mark = `TAKO_PIPE=${pipes.secrets.identity}`
      resume(
        Effect.succeed({
          child,
          exit: Deferred.await(exit),
          port: Deferred.await(report),
          mark,
          cgroup,
          closeOutput
        })
      )
    })
    // Not "close": its children may keep our pipes open for longer.
    child.once("exit", (code, signal) => {
      giveUp()
      const ended: ProcessExit =
        signal === null ? { _tag: "Exited", code: code ?? 1 } : { _tag: "Signalled", signal }
      Deferred.unsafeDone(exit, Exit.succeed(ended))
    })
  })

const spawnWith = (spec: ProcessSpec, pipes: Pipes, wrapper: Wrapper): ChildProcess => {
  const { supervised } = spec
  const environment = { ...childEnvironment(spec.environment), TAKO_PIPE: pipes.secrets.identity }
  // setpriv(1) reports a missing program only by its exit code, which may be the program's own.
  if (wrapper.length > 0 && !programExists(spec)) throw new NoSuchProgram()
  const [program, ...args] = wrapper.length > 0 ? [...wrapper, ...spec.command] : spec.command
  if (supervised?.user !== undefined) chownPipe(supervised.user, pipes.secrets.readEnd)
  const options: SpawnOptions = {
    env: environment,
    stdio: [
      ...(supervised === undefined ? (["inherit", "inherit", "inherit"] as const) : (["ignore"] as const)),
      ...endsOfChild(pipes)
    ],
    detached: supervised !== undefined,
    ...supervised?.user,
    ...omitUndefined({ cwd: spec.directory })
  }
  return spawn(program as string, args, options)
}

class NoSuchProgram extends Error {
  readonly code = "ENOENT"
}

/** Lets the app's user reopen the pipe by /proc if a launcher has closed fd 3, and no other app's user. */
const chownPipe = ({ uid, gid }: { readonly uid: number; readonly gid: number }, readEnd: number): void => {
  if (process.geteuid?.() !== uid) Fs.fchownSync(readEnd, uid, gid)
}

const readOutputs = ({ supervised }: ProcessSpec, { output }: Pipes): ReadonlyArray<Output> => {
  if (supervised === undefined || output === undefined) return []
  const { onOutput } = supervised
  return (["stdout", "stderr"] as const).map((stream) =>
    readOutput(output[stream].readEnd, (piece) => onOutput(stream, piece))
  )
}

/** Arguments to put in front of a command so that it is killed when we die; empty if that is not possible. */
export type Wrapper = ReadonlyArray<string>

const setprivPaths = ["/usr/bin/setpriv", "/bin/setpriv", "/usr/local/bin/setpriv"]

/** setpriv(1) of util-linux 2.33 or later sets PR_SET_PDEATHSIG (prctl(2)), then executes the program in its own process. */
export const parentDeathSignal: Effect.Effect<Wrapper> = Effect.suspend(() => {
  const program = process.platform === "linux" ? setprivPaths.find((path) => Fs.existsSync(path)) : undefined
  if (program === undefined) return Effect.succeed([])
  const wrapper = [program, "--pdeathsig", "KILL", "--"]
  return Effect.map(succeeds([...wrapper, "true"]), (isSupported) => (isSupported ? wrapper : []))
})

const succeeds = ([program = "", ...args]: ReadonlyArray<string>): Effect.Effect<boolean> =>
  run({ program, args, environment: { PATH: "/usr/bin:/bin" }, timeLimit: 10_000 }).pipe(
    Effect.map(({ exitCode }) => exitCode === 0),
    Effect.orElseSucceed(() => false)
  )

/** Translates the errno of execve(2) for the person who typed the command. */
export const notStarted = (spec: ProcessSpec, error: unknown): ProcessNotStarted => {
  const [command] = spec.command
  // Node rejects an empty program name with an error without errno.
  if (command === "") return new ProcessNotStarted({ command: '""', code: "ENOENT", reason: "not-found" })
  const code = codeOf(error)
  const reason = reasonOf(spec, code)
  return new ProcessNotStarted({ command, code, reason, ...omitUndefined({ directory: spec.directory }) })
}

const reasonOf = (spec: ProcessSpec, code: string): ProcessNotStarted["reason"] => {
  switch (code) {
    case "ENOENT":
      if (!isDirectory(spec.directory ?? ".")) return "directory-gone"
      // The file exists, so ENOENT is about the interpreter in its first line.
      return programExists(spec) ? "interpreter-missing" : "not-found"
    case "EACCES":
    case "ENOEXEC":
    case "EISDIR":
      return "not-executable"
    case "ENOTDIR":
      // In a path, ENOTDIR is an error of the path; in PATH, it is an entry that is not a folder.
      return spec.command[0].includes("/") ? "not-executable" : "not-found"
    default:
      return "failed"
  }
}

/** Whether a file of the program's name exists where it would be searched. */
export const programExists = ({ command: [command], environment, directory = "." }: ProcessSpec): boolean =>
  command.includes("/")
    ? Fs.existsSync(Path.resolve(directory, command))
    : (environment.PATH ?? "")
        .split(Path.delimiter)
        .some((folder) => folder !== "" && Fs.existsSync(Path.join(folder, command)))

const isDirectory = (path: string): boolean =>
  Fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
