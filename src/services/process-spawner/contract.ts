import * as Assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { PortReport } from "../../domain/port-report.ts"
import type { Contract } from "../contract.ts"
import { ProcessSpawner, type ProcessSpec } from "./process-spawner.ts"

/** A program that runs until `end`, and what the test does with it. */
export interface Stage<R> {
  readonly command: ProcessSpec["command"]
  /** Ends the latest process with this exit code. */
  readonly end: (code: number) => Effect.Effect<void, never, R>
  /** The latest process writes this to fd 4, closes it, and goes on. */
  readonly write: (text: string) => Effect.Effect<void, never, R>
  /** The environment of the latest process. */
  readonly environment: Effect.Effect<Readonly<Record<string, string | undefined>>, never, R>
}

export const missing = "no-such-program-of-tako"

const reports: ReadonlyArray<readonly [string, PortReport]> = [
  ["3000\n", { _tag: "Listening", port: 3000 }],
  ["65535\n", { _tag: "Listening", port: 65535 }],
  ["", { _tag: "Silent" }],
  ["65536\n", { _tag: "Garbage" }],
  ["ready\n", { _tag: "Garbage" }]
]

/** What every ProcessSpawner must do with a program of yours. */
export const contractOf = <R>(
  makeStage: Effect.Effect<Stage<R>, never, Scope.Scope>
): Contract<ProcessSpawner | R> => {
  const on = <A, E>(
    play: (
      spawn: ProcessSpawner["Type"]["spawn"],
      stage: Stage<R>,
      spec: ProcessSpec
    ) => Effect.Effect<A, E, R | ProcessSpawner | Scope.Scope>
  ) =>
    Effect.gen(function* () {
      const stage = yield* makeStage
      const { spawn } = yield* ProcessSpawner
      const environment = { PATH: process.env.PATH }
      return yield* play(spawn, stage, { command: stage.command, environment, secrets: new Map() })
    })

  return [
    {
      name: "reports the exit code, however often it is read",
      run: on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const { exit } = yield* spawn(spec)
          yield* stage.end(7)
          Assert.deepEqual(yield* exit, { _tag: "Exited", code: 7 })
          Assert.deepEqual(yield* exit, { _tag: "Exited", code: 7 })
        })
      )
    },

    {
      name: "reports the signal that ended a process",
      run: on((spawn, _, spec) =>
        Effect.gen(function* () {
          const { exit, signal } = yield* spawn(spec)
          yield* signal("SIGUSR2")
          Assert.deepEqual(yield* exit, { _tag: "Signalled", signal: "SIGUSR2" })
        })
      )
    },

    {
      name: "sends nothing to a process that has ended",
      run: on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const { exit, signal } = yield* spawn(spec)
          yield* stage.end(0)
          yield* exit
          yield* signal("SIGTERM")
          Assert.deepEqual(yield* exit, { _tag: "Exited", code: 0 })
        })
      )
    },

    {
      name: "tells a signal to us alone from one that the process received too only if asked to",
      run: on((spawn, _, spec) =>
        Effect.gen(function* () {
          const { receivedToo } = yield* spawn(spec)
          Assert.deepEqual(yield* receivedToo("SIGUSR2"), Option.none())
          const asked = yield* spawn({ ...spec, sharesSignals: true })
          // Nothing was sent to anybody; for a moment at first that cannot be told.
          const answer = yield* asked
            .receivedToo("SIGUSR2")
            .pipe(Effect.repeat({ until: Option.isSome, times: 100 }))
          Assert.deepEqual(answer, Option.some(false))
        })
      )
    },

    {
      name: "kills a process that still runs when the scope closes",
      run: on((spawn, _, spec) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const { exit } = yield* Scope.extend(spawn(spec), scope)
          yield* Scope.close(scope, Exit.void)
          Assert.deepEqual(yield* exit, { _tag: "Signalled", signal: "SIGKILL" })
        })
      )
    },

    {
      name: "stops a process with SIGTERM, and waits until it is gone",
      run: on((spawn, _, spec) =>
        Effect.gen(function* () {
          const { exit, stop, gone } = yield* spawn(spec)
          Assert.ok(yield* stop("10 seconds"))
          yield* gone
          Assert.deepEqual(yield* exit, { _tag: "Signalled", signal: "SIGTERM" })
          Assert.ok(yield* stop("10 seconds"))
        })
      )
    },

    ...reports.map(([text, report]) => ({
      name: `reports ${JSON.stringify(text)} on fd 4 as ${report._tag}, however often it is read`,
      run: on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const { port } = yield* spawn({ ...spec, readiness: true })
          yield* stage.write(text)
          Assert.deepEqual(yield* port, report)
          Assert.deepEqual(yield* port, report)
        })
      )
    })),

    {
      name: "reports that a process ended without writing to fd 4",
      run: on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const { port } = yield* spawn({ ...spec, readiness: true })
          yield* stage.end(0)
          Assert.deepEqual(yield* port, { _tag: "Silent" })
        })
      )
    },

    {
      name: "does not wait for a report without fd 4",
      run: on((spawn, _, spec) =>
        Effect.gen(function* () {
          const { port } = yield* spawn(spec)
          Assert.deepEqual(yield* port, { _tag: "Silent" })
        })
      )
    },

    {
      name: "fails if there is no such program",
      run: on((spawn, _, spec) =>
        Effect.gen(function* () {
          const refusal = yield* Effect.flip(spawn({ ...spec, command: [missing, "--flag"] }))
          Assert.deepEqual([refusal._tag, refusal.reason], ["ProcessNotStarted", "not-found"])
          Assert.equal(refusal.message, `${missing}: command not found`)
        })
      )
    },

    {
      name: "passes the environment without what opens secrets, and adds TAKO_PIPE",
      run: on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const environment = {
            ...spec.environment,
            KEPT: "v=\n",
            EMPTY: "",
            TAKO_ENV: "staging",
            TAKO_HOME: "/h",
            TAKO_PIPE: "of somebody else",
            TAKO_KEY: "canary",
            TAKO_KEY_FILE: "canary",
            TAKO_PASSPHRASE: "canary",
            TAKO_PASSPHRASE_FILE: "canary",
            TAKO_PASSPHRASE_PRODUCTION: "canary",
            UNDEFINED: undefined
          }
          yield* spawn({ ...spec, environment })
          const { PATH, PWD, OLDPWD, SHLVL, _, TAKO_PIPE, ...seen } = yield* stage.environment
          Assert.match(TAKO_PIPE ?? "", /^\d+:\d+$/)
          Assert.equal(PATH, process.env.PATH)
          Assert.deepEqual(seen, { KEPT: "v=\n", EMPTY: "", TAKO_ENV: "staging", TAKO_HOME: "/h" })
        })
      )
    },

    {
      name: "gives each process a token and a pipe of its own",
      run: on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const first = yield* spawn(spec)
          const pipe = (yield* stage.environment).TAKO_PIPE
          const second = yield* spawn(spec)
          Assert.notEqual((yield* stage.environment).TAKO_PIPE, pipe)
          Assert.notEqual(first.pid, second.pid)
          Assert.notEqual(Redacted.value(first.token), Redacted.value(second.token))
          Assert.match(Redacted.value(first.token), /^[A-Za-z0-9_-]{43}$/)
        })
      )
    },

    {
      name: "kills every process that has a variable, and no other",
      run: on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const { sweep } = yield* ProcessSpawner
          // Another run of this test, beside this one, has others.
          const folder = `/srv/${randomUUID()} of a test`
          const environment = { ...spec.environment, TAKO_DATA_DIR: folder }
          const left = yield* spawn({ ...spec, environment })
          yield* stage.environment
          const other = yield* spawn({
            ...spec,
            environment: { ...environment, TAKO_DATA_DIR: `${folder} 2` }
          })
          yield* stage.environment
          // It may have started something itself at that moment.
          const leftovers = { variables: [`TAKO_DATA_DIR=${folder}`], users: [] }
          Assert.ok((yield* sweep(leftovers)).killed >= 1)
          Assert.deepEqual(yield* left.exit, { _tag: "Signalled", signal: "SIGKILL" })
          Assert.deepEqual(yield* sweep(leftovers), { killed: 0, remaining: 0 })
          yield* stage.end(4)
          Assert.deepEqual(yield* other.exit, { _tag: "Exited", code: 4 })
        })
      )
    }
  ]
}
