import * as ChildProcess from "node:child_process"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

// What a repository's own configuration could have git start, and what could make git wait for somebody.
const harmless = [
  "--no-pager",
  "-c",
  "core.fsmonitor=false",
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "log.showSignature=false"
]

// GIT_DIR and the like, set where git runs us as a hook, are left out as much as TAKO_PASSPHRASE.
const passedOn = ["PATH", "HOME", "XDG_CONFIG_HOME"]

const environment = (): Record<string, string> => ({
  ...Object.fromEntries(
    passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  ),
  LC_ALL: "C",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: ""
})

export interface Answer {
  readonly exitCode: number
  readonly output: string
}

/** Runs git in the folder for 10 s at most; none when it cannot be started, takes longer, or says more than 1 MiB. */
export const git = (
  directory: string,
  commandLine: ReadonlyArray<string>
): Effect.Effect<Option.Option<Answer>> =>
  Effect.async((resume) => {
    const child = ChildProcess.execFile(
      "git",
      [...harmless, ...commandLine],
      { cwd: directory, env: environment(), timeout: 10_000, killSignal: "SIGKILL", encoding: "utf8" },
      (error, output) => {
        const exitCode = error === null ? 0 : error.code
        resume(
          Effect.succeed(typeof exitCode === "number" ? Option.some({ exitCode, output }) : Option.none())
        )
      }
    )
    child.stdin?.end()
    return Effect.sync(() => child.kill("SIGKILL"))
  })
