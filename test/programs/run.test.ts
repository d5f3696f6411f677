import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { SignalName } from "../../src/domain/process.ts"
import { run, runProcess } from "../../src/programs/run.ts"
import { rm } from "../../src/programs/secrets/rm.ts"
import {
  StartedProcesses,
  layerMemory as spawnerLayer
} from "../../src/services/process-spawner/layer-memory.ts"
import { ProcessSpawner } from "../../src/services/process-spawner/process-spawner.ts"
import { SignalsControl, layerMemory as signalsLayer } from "../../src/services/signals/layer-memory.ts"
import { Signals } from "../../src/services/signals/signals.ts"
import { layerMemory as terminalLayer } from "../../src/services/terminal/layer-memory.ts"
import { machine } from "../support/machine.ts"
import { blobOf, environment, put, secret, tamper, withFlippedBit } from "../support/project-of.ts"

const variables = { TAKO_PASSPHRASE: "octopus" }
const plain = { asEnvironmentVariables: false }
const asVariables = { asEnvironmentVariables: true }
const program = { command: ["server", "--flag"], environment: { PATH: "/bin", B: "inherited" } } as const

const started = Effect.flatten(StartedProcesses)
const only = Effect.map(started, (all) => {
  assert.lengthOf(all, 1)
  return all[0] as (typeof all)[number]
})
/** Polls until the condition holds, and lets the other fibers run in between. */
const eventually = <A, R>(look: Effect.Effect<A, never, R>, isThere: (a: A) => boolean) =>
  Effect.yieldNow().pipe(Effect.zipRight(look), Effect.repeat({ until: isThere }))
const aStart = eventually(started, ({ length }) => length > 0)

const processes = Layer.merge(spawnerLayer(), signalsLayer)

describe("run", () => {
  /** Runs the program to completion; returns its end or the error, and everything that was started. */
  const attempt = (name: string, options: Parameters<typeof run>[2]) =>
    Effect.gen(function* () {
      const running = yield* Effect.fork(run(environment(name), program, options))
      yield* Effect.raceFirst(aStart, Effect.exit(Fiber.await(running)))
      for (const { end } of yield* started) yield* end({ _tag: "Exited", code: 7 })
      const ended = yield* Effect.either(Fiber.join(running))
      return { ended, all: yield* started }
    }).pipe(Effect.provide(processes))

  it.scoped("passes every value in the pipe, and none in the environment", () =>
    Effect.gen(function* () {
      const on = yield* machine
      yield* on.run(put("production", "A", "one\0"), { variables })
      yield* on.run(put("production", "B", "two"), { variables })
      const { ended, all } = yield* on.run(attempt("production", plain))
      assert.deepStrictEqual(ended, Either.right({ _tag: "Exited", code: 7 }))
      const [{ spec }] = all as [(typeof all)[number]]
      assert.deepStrictEqual(spec.command, program.command)
      assert.deepStrictEqual(
        [...spec.secrets].map(([name, value]) => [name, Redacted.value(value)]),
        [
          ["A", "one\0"],
          ["B", "two"]
        ]
      )
      assert.strictEqual(spec.secretsOf, "production")
      assert.deepStrictEqual(spec.environment, { PATH: "/bin", B: "inherited", TAKO_PIPE: "0:1" })
    })
  )

  it.scoped("as variables, secrets override existing ones", () =>
    Effect.gen(function* () {
      const on = yield* machine
      yield* on.run(put("production", "A", ""), { variables })
      yield* on.run(put("production", "B", "two"), { variables })
      const { all } = yield* on.run(attempt("production", asVariables))
      const [{ spec }] = all as [(typeof all)[number]]
      assert.deepStrictEqual(spec.environment, { PATH: "/bin", A: "", B: "two", TAKO_PIPE: "0:1" })
      assert.deepStrictEqual([spec.secrets.size, spec.secretsOf], [2, "production"])
    })
  )

  it.scoped("as variables, refuses by name a secret that cannot be one", () =>
    Effect.gen(function* () {
      const on = yield* machine
      yield* on.run(put("a", "NAME", "can\0ary"), { variables })
      yield* on.run(put("b", "TAKO_PASSPHRASE", "canary"), { variables })
      yield* on.run(put("c", "TAKO_PIPE", "canary"), { variables })
      for (const [name, secret] of [
        ["a", "NAME holds a NUL character"],
        ["b", "TAKO_PASSPHRASE is a variable of tako's own"],
        ["c", "TAKO_PIPE is a variable of tako's own"]
      ] as const) {
        const { ended, all } = yield* on.run(attempt(name, asVariables))
        if (Either.isRight(ended)) assert.fail(`${secret}: it ran`)
        assert.strictEqual(ended.left._tag, "Usage")
        assert.include(ended.left.message, secret)
        assert.notInclude(ended.left.message, "ary")
        assert.lengthOf(all, 0)
      }
    })
  )

  it.scoped("starts nothing if one value does not open, or is misplaced", () =>
    Effect.gen(function* () {
      const on = yield* machine
      yield* on.run(put("production", "A", "one"), { variables })
      yield* on.run(put("production", "B", "two"), { variables })
      const whole = yield* on.file.read
      const attempts = [
        [withFlippedBit(blobOf(whole, "production", "B")), "SecretsDamaged"],
        [blobOf(whole, "production", "A"), "SecretMisplaced"]
      ] as const
      for (const [blob, tag] of attempts) {
        yield* on.run(tamper("production", "B", () => blob))
        for (const options of [plain, asVariables]) {
          const { ended, all } = yield* on.run(attempt("production", options))
          assert.strictEqual(Either.isLeft(ended) && ended.left._tag, tag)
          assert.lengthOf(all, 0)
        }
      }
    })
  )

  it.scoped("without secrets needs no key, and hands over an empty set", () =>
    Effect.gen(function* () {
      const on = yield* machine
      yield* on.run(put("production", "A", "one"), { variables })
      yield* on.run(rm(secret("A"), [environment("production")]))
      const elsewhere = yield* machine
      const { ended, all } = yield* elsewhere.run(attempt("production", plain), { file: on.file })
      assert.isTrue(Either.isRight(ended))
      assert.strictEqual(all[0]?.spec.secrets.size, 0)
    })
  )
})

describe("a program that runs", () => {
  const spec = { ...program, secrets: new Map() }

  const play = <A>(
    options: { readonly isThere: boolean; readonly traps?: ReadonlyArray<SignalName> },
    play: (
      running: Fiber.RuntimeFiber<Effect.Effect.Success<ReturnType<typeof runProcess>>, unknown>
    ) => Effect.Effect<A, unknown, SignalsControl | StartedProcesses>
  ) =>
    Effect.flatMap(Effect.fork(runProcess(spec)), play).pipe(
      Effect.provide(
        Layer.mergeAll(
          spawnerLayer(options.traps === undefined ? {} : { traps: options.traps }),
          signalsLayer,
          terminalLayer({ isThere: options.isThere })
        )
      )
    )

  const everySignal = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"] as const

  const unknown = Option.none<boolean>()
  for (const [title, isThere, shared, passed] of [
    ["gets every signal that we alone get", false, Option.some(false), everySignal],
    ["gets every signal that we alone get, at a terminal", true, Option.some(false), everySignal],
    ["gets none again that it had too", false, Option.some(true), []],
    ["gets none again that it had too, at a terminal", true, Option.some(true), []],
    ["gets every signal if nobody knows whether it had it", false, unknown, everySignal],
    ["then gets only those that no terminal sends, at a terminal", true, unknown, everySignal.slice(0, 4)]
  ] as const) {
    it.effect(title, () =>
      play({ isThere, traps: everySignal }, (running) =>
        Effect.gen(function* () {
          yield* aStart
          const { send } = yield* SignalsControl
          const process = yield* only
          yield* process.shareSignals(shared)
          for (const name of [...everySignal, ...everySignal]) {
            assert.isTrue(yield* send(name))
            if ((passed as ReadonlyArray<string>).includes(name)) {
              yield* eventually(process.signals, (all) => all.at(-1) === name)
            }
          }
          yield* process.end({ _tag: "Exited", code: 3 })
          assert.deepStrictEqual(yield* Fiber.join(running), { _tag: "Exited", code: 3 })
          assert.deepStrictEqual(yield* process.signals, [...passed, ...passed])
          assert.isFalse(yield* send("SIGTERM"))
        })
      )
    )
  }

  it.effect("is waited for if we are interrupted", () =>
    play({ isThere: false }, (running) =>
      Effect.gen(function* () {
        yield* aStart
        const interruption = yield* Effect.fork(Fiber.interrupt(running))
        yield* Effect.yieldNow()
        const process = yield* only
        assert.deepStrictEqual(yield* process.signals, [])
        yield* process.end({ _tag: "Exited", code: 0 })
        assert.isTrue(Exit.isExit(yield* Fiber.join(interruption)))
        assert.deepStrictEqual(yield* process.signals, [])
      })
    )
  )

  it.effect("is not started if we are interrupted while registering signal handlers", () =>
    Effect.gen(function* () {
      const [reached, gate] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const slow = Layer.effect(
        Signals,
        Effect.map(Signals, (signals) => ({
          ...signals,
          handle: (...parameters) =>
            Effect.zipRight(
              Deferred.succeed(reached, undefined).pipe(Effect.zipRight(Deferred.await(gate))),
              signals.handle(...parameters)
            )
        }))
      )
      yield* Effect.gen(function* () {
        const running = yield* Effect.fork(runProcess(spec))
        yield* Deferred.await(reached)
        const interruption = yield* Effect.fork(Fiber.interrupt(running))
        yield* Effect.yieldNow()
        yield* Deferred.succeed(gate, undefined)
        assert.isTrue(Exit.isInterrupted(yield* Fiber.join(interruption)))
        assert.lengthOf(yield* started, 0)
      }).pipe(
        Effect.provide(
          Layer.mergeAll(
            spawnerLayer(),
            Layer.provideMerge(slow, signalsLayer),
            terminalLayer({ isThere: false })
          )
        )
      )
    })
  )

  for (const isThere of [true, false]) {
    it.effect(`gets what arrived while it was started, ${isThere ? "at a" : "without a"} terminal`, () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const slow = Layer.effect(
          ProcessSpawner,
          Effect.map(ProcessSpawner, ({ spawn, sweep }) => ({
            sweep,
            spawn: (spec) => Effect.zipRight(Deferred.await(gate), spawn(spec))
          }))
        )
        yield* Effect.gen(function* () {
          const running = yield* Effect.fork(runProcess(spec))
          const { send } = yield* SignalsControl
          const early = yield* Effect.fork(eventually(send("SIGINT"), (taken) => taken))
          yield* Effect.repeatN(Effect.yieldNow(), 20)
          yield* Deferred.succeed(gate, undefined)
          assert.deepStrictEqual(yield* Fiber.join(running), { _tag: "Signalled", signal: "SIGINT" })
          yield* Fiber.interrupt(early)
        }).pipe(
          Effect.provide(
            Layer.mergeAll(Layer.provideMerge(slow, spawnerLayer()), signalsLayer, terminalLayer({ isThere }))
          )
        )
      })
    )
  }
})
