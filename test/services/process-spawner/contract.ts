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
    ) => Effect.Effect<A, E, R | Scope.Scope>
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
  })
}
