import { randomUUID } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { ProcessSpawner, type ProcessSpec } from "../../../src/services/process-spawner/process-spawner.ts"

/** A program that runs until it is told to end. */
export interface Stage<R> {
  readonly command: ProcessSpec["command"]
  /** Ends the one that was started last. */
  readonly end: (code: number) => Effect.Effect<void, never, R>
  /** Has the one that was started last write this to fd 4, which it then closes, and go on. */
  readonly write: (text: string) => Effect.Effect<void, never, R>
  /** The environment that it has. */
  readonly environment: Effect.Effect<Readonly<Record<string, string | undefined>>, never, R>
}

export const missing = "no-such-program-of-tako"

export const contract = <R>(
  title: string,
  layer: Layer.Layer<ProcessSpawner | R>,
  makeStage: Effect.Effect<Stage<R>, never, Scope.Scope>
) => {
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
    }).pipe(Effect.scoped, Effect.provide(layer))

  describe(title, () => {
    it.live("tells the exit code as often as it is asked", () =>
      on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const { exit } = yield* spawn(spec)
          yield* stage.end(7)
          assert.deepStrictEqual(yield* exit, { _tag: "Exited", code: 7 })
          assert.deepStrictEqual(yield* exit, { _tag: "Exited", code: 7 })
        })
      )
    )

    it.live("tells the signal that ended it", () =>
      on((spawn, _, spec) =>
        Effect.gen(function* () {
          const { exit, signal } = yield* spawn(spec)
          yield* signal("SIGUSR2")
          assert.deepStrictEqual(yield* exit, { _tag: "Signalled", signal: "SIGUSR2" })
        })
      )
    )

    it.live("leaves one alone that has ended", () =>
      on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const { exit, signal } = yield* spawn(spec)
          yield* stage.end(0)
          yield* exit
          yield* signal("SIGTERM")
          assert.deepStrictEqual(yield* exit, { _tag: "Exited", code: 0 })
        })
      )
    )

    it.live("has killed what still runs when the scope is closed", () =>
      on((spawn, _, spec) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const { exit } = yield* Scope.extend(spawn(spec), scope)
          yield* Scope.close(scope, Exit.void)
          assert.deepStrictEqual(yield* exit, { _tag: "Signalled", signal: "SIGKILL" })
        })
      )
    )

    it.live("stops one: it is told, and is gone", () =>
      on((spawn, _, spec) =>
        Effect.gen(function* () {
          const { exit, stop, gone } = yield* spawn(spec)
          assert.isTrue(yield* stop("10 seconds"))
          yield* gone
          assert.deepStrictEqual(yield* exit, { _tag: "Signalled", signal: "SIGTERM" })
          assert.isTrue(yield* stop("10 seconds"))
        })
      )
    )

    it.live.each([
      ["3000\n", { _tag: "Listening", port: 3000 }],
      ["65535\n", { _tag: "Listening", port: 65535 }],
      ["", { _tag: "Silent" }],
      ["65536\n", { _tag: "Garbage" }],
      ["ready\n", { _tag: "Garbage" }]
    ])("tells that %j came on fd 4, as often as it is asked", ([text, report]) =>
      on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const { port } = yield* spawn({ ...spec, readiness: true })
          yield* stage.write(text as string)
          assert.deepStrictEqual<unknown>(yield* port, report)
          assert.deepStrictEqual<unknown>(yield* port, report)
        })
      )
    )

    it.live("tells that nothing came on fd 4 of one that has ended", () =>
      on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const { port } = yield* spawn({ ...spec, readiness: true })
          yield* stage.end(0)
          assert.deepStrictEqual(yield* port, { _tag: "Silent" })
        })
      )
    )

    it.live("waits for nothing where there is no fd 4", () =>
      on((spawn, _, spec) =>
        Effect.gen(function* () {
          const { port } = yield* spawn(spec)
          assert.deepStrictEqual(yield* port, { _tag: "Silent" })
        })
      )
    )

    it.live("says when there is no such program", () =>
      on((spawn, _, spec) =>
        Effect.gen(function* () {
          const refusal = yield* Effect.flip(spawn({ ...spec, command: [missing, "--flag"] }))
          assert.deepStrictEqual([refusal._tag, refusal.reason], ["ProcessNotStarted", "not-found"])
          assert.strictEqual(refusal.message, `${missing}: command not found`)
        })
      )
    )

    it.live("gives it the environment, less what opens secrets, and TAKO_PIPE", () =>
      on((spawn, stage, spec) =>
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
          assert.match(TAKO_PIPE ?? "", /^\d+:\d+$/)
          assert.strictEqual(PATH, process.env.PATH)
          assert.deepStrictEqual(seen, { KEPT: "v=\n", EMPTY: "", TAKO_ENV: "staging", TAKO_HOME: "/h" })
        })
      )
    )

    it.live("gives each a token and a pipe of its own", () =>
      on((spawn, stage, spec) =>
        Effect.gen(function* () {
          const first = yield* spawn(spec)
          const pipe = (yield* stage.environment).TAKO_PIPE
          const second = yield* spawn(spec)
          assert.notStrictEqual((yield* stage.environment).TAKO_PIPE, pipe)
          assert.notStrictEqual(first.pid, second.pid)
          assert.notStrictEqual(Redacted.value(first.token), Redacted.value(second.token))
          assert.match(Redacted.value(first.token), /^[A-Za-z0-9_-]{43}$/)
        })
      )
    )

    it.live("sweeps away what has a variable, and nothing else", () =>
      on((spawn, stage, spec) =>
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
          assert.isAtLeast(yield* sweep(`TAKO_DATA_DIR=${folder}`), 1)
          assert.deepStrictEqual(yield* left.exit, { _tag: "Signalled", signal: "SIGKILL" })
          assert.strictEqual(yield* sweep(`TAKO_DATA_DIR=${folder}`), 0)
          yield* stage.end(4)
          assert.deepStrictEqual(yield* other.exit, { _tag: "Exited", code: 4 })
        })
      )
    )
  })
}
