import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import { ProcessNotStarted } from "../../../src/domain/errors/processes.ts"
import * as Testing from "../../../src/main/library/testing.ts"
import { rm } from "../../../src/programs/secrets/rm.ts"
import type { ProcessSpec } from "../../../src/services/process-spawner/process-spawner.ts"
import { blobOf, environment, put, secret, tamper, withFlippedBit } from "../../support/project-of.ts"
import { exited, pass, project, signalled, startDev } from "./stage.ts"

const put1 = put("development", "A", "one")
const valuesOf = ({ secrets }: ProcessSpec) =>
  Object.fromEntries([...secrets].map(([name, value]) => [name, Redacted.value(value)]))

describe("dev starts the program", () => {
  it.effect("with the app contract's variables, tako.toml's over the shell's, and the secrets", () => {
    const toml = '[vars]\nLEVEL = "toml"\n[vars.development]\nPORT = "3000"\nHOST = "10.0.0.1"\n'
    return Effect.gen(function* () {
      yield* put1
      const dev = yield* startDev()
      const { spec } = yield* dev.start(1)
      assert.deepStrictEqual([valuesOf(spec), spec.secretsOf], [{ A: "one" }, "development"])
      assert.deepStrictEqual(
        [spec.command, spec.directory, spec.readiness],
        [["server"], "/project/below", true]
      )
      assert.deepStrictEqual(spec.environment, {
        PORT: "3000",
        HOST: "10.0.0.1",
        NODE_ENV: "development",
        LEVEL: "toml",
        PATH: "/project/below/node_modules/.bin:/bin",
        ENV: "development",
        TAKO_APP_NAME: "project",
        TAKO_DATA_DIR: "/project/.tako/data/development",
        TAKO_BUILD: "dev",
        TAKO_PIPE: "0:1"
      })
    }).pipe(Effect.provide(project({ files: new Map([["tako.toml", toml]]) })))
  })

  it.effect("as tako.toml says, a list or a line, in the project's folder", () => {
    const files = new Map([["tako.toml", 'dev = ["vite", "--port"]\n']])
    return Effect.gen(function* () {
      const dev = yield* startDev({ command: [] })
      assert.deepStrictEqual(yield* dev.nextNotice, {
        _tag: "EnvironmentCreated",
        environment: environment("development")
      })
      const { spec } = yield* dev.start(1)
      assert.deepStrictEqual([spec.command, spec.directory], [["vite", "--port"], "/project"])
      yield* dev.change(Effect.sync(() => files.set("tako.toml", 'dev = "vite && true"\n')))
      assert.deepStrictEqual((yield* dev.start(2)).spec.command, ["sh", "-c", "vite && true"])
    }).pipe(Effect.provide(project({ files })))
  })

  it.effect("not if there is none, or if another environment does not exist", () =>
    Effect.gen(function* () {
      const none = yield* Effect.either((yield* startDev({ command: [] })).end)
      assert.include(Either.getOrThrow(Either.flip(none)).message, "Type a command: tako dev npm run dev")
      const staging = yield* Effect.either((yield* startDev({ environment: "staging" })).end)
      assert.strictEqual(Either.getOrThrow(Either.flip(staging))._tag, "EnvironmentNotFound")
    }).pipe(Effect.provide(project()))
  )
})

describe("dev restarts it", () => {
  it.effect("when something it was given has changed, and names it", () =>
    Effect.gen(function* () {
      yield* put1
      yield* put("development", "B", "two")
      yield* put("staging", "A", "other")
      const dev = yield* startDev()
      yield* dev.start(1)
      yield* dev.change(put("staging", "A", "another"))
      yield* dev.change(
        Effect.all([
          put("development", "A", "changed"),
          put("development", "C", "three"),
          rm(secret("B"), [environment("development")])
        ])
      )
      const second = yield* dev.start(2)
      assert.deepStrictEqual(valuesOf(second.spec), { A: "changed", C: "three" })
      assert.deepStrictEqual(yield* dev.unreadNotices, [
        {
          _tag: "Restarting",
          changes: {
            addedSecrets: ["C"],
            changedSecrets: ["A"],
            removedSecrets: ["B"],
            variables: [],
            command: false,
            address: false
          }
        }
      ])
    }).pipe(Effect.provide(project()))
  )

  it.effect("20 times, and each one ends", () =>
    Effect.gen(function* () {
      yield* put1
      const dev = yield* startDev()
      for (let nth = 1; nth <= 20; nth++) {
        yield* dev.start(nth)
        yield* dev.change(put("development", "A", `value ${nth}`))
      }
      yield* dev.start(21)
      const all = yield* Effect.flatten(Testing.StartedProcesses)
      const signals = yield* Effect.forEach(all, ({ signals }) => signals)
      assert.strictEqual(signals.join(), `${"SIGTERM,".repeat(20)}`)
      yield* dev.interrupt
      assert.strictEqual(
        (yield* Effect.forEach(all, ({ signals }) => signals)).join(),
        signals.join().concat("SIGTERM")
      )
    }).pipe(Effect.provide(project()))
  )

  it.effect("after SIGKILL if SIGTERM is not enough, with the terminal restored", () =>
    Effect.gen(function* () {
      yield* put1
      const dev = yield* startDev()
      const first = yield* dev.start(1)
      const modes = yield* Testing.TerminalModesControl
      yield* Ref.set(modes, "raw")
      yield* dev.change(put("development", "A", "two"))
      assert.strictEqual((yield* dev.nextNotice)._tag, "Restarting")
      yield* pass("4999 millis")
      assert.deepStrictEqual(yield* first.signals, ["SIGTERM"])
      assert.strictEqual(yield* dev.starts, 1)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* dev.nextNotice, { _tag: "Killed", seconds: 5 })
      const second = yield* dev.start(2)
      assert.deepStrictEqual(yield* first.signals, ["SIGTERM", "SIGKILL"])
      assert.strictEqual(yield* Ref.get(modes), "cooked")
      yield* second.end(exited(0))
      assert.deepStrictEqual(yield* dev.end, exited(0))
    }).pipe(Effect.provide(project({ traps: ["SIGTERM"] })))
  )

  it.effect("without reporting a SIGKILL of its own if somebody else killed the program", () =>
    Effect.gen(function* () {
      yield* put1
      const dev = yield* startDev()
      const first = yield* dev.start(1)
      yield* first.end(signalled("SIGKILL"))
      assert.deepStrictEqual(yield* dev.end, signalled("SIGKILL"))
      assert.deepStrictEqual(yield* dev.unreadNotices, [])
    }).pipe(Effect.provide(project()))
  )

  it.effect("not for a change that does not open, which is reported once, and again when it is fixed", () =>
    Effect.gen(function* () {
      yield* put1
      const dev = yield* startDev()
      yield* dev.start(1)
      const flip = tamper("development", "A", (all) => withFlippedBit(blobOf(all, "development", "A")))
      yield* dev.change(flip)
      assert.deepStrictEqual(yield* dev.unreadNotices, [])
      yield* pass("300 millis")
      const notice = yield* dev.nextNotice
      assert.strictEqual(notice._tag, "ChangeRejected")
      assert.deepInclude(notice, { isRunning: true })
      assert.notInclude(JSON.stringify(notice), "one")
      yield* dev.change(Effect.void)
      yield* pass("300 millis")
      yield* dev.change(flip)
      assert.deepStrictEqual(yield* dev.nextNotice, { _tag: "Recovered", isRunning: true })
      assert.deepStrictEqual(yield* dev.unreadNotices, [])
      assert.strictEqual(yield* dev.starts, 1)
    }).pipe(Effect.provide(project()))
  )

  it.effect("with refreshed types, even if refreshing them fails", () => {
    const files = new Map([["src/tako.gen.ts", "old"]])
    return Effect.gen(function* () {
      yield* put1
      const dev = yield* startDev()
      yield* dev.start(1)
      assert.deepStrictEqual(yield* dev.nextNotice, { _tag: "TypesRefreshed", paths: ["src/tako.gen.ts"] })
      yield* dev.change(put("development", "NEW", "value"))
      yield* dev.start(2)
      assert.include(files.get("src/tako.gen.ts") ?? "", "readonly NEW: string")
    }).pipe(Effect.provide(project({ files })))
  })
})

describe("a program that fails after a change", () => {
  const afterAChange = Effect.gen(function* () {
    yield* put1
    const dev = yield* startDev()
    yield* dev.start(1)
    yield* dev.change(put("development", "A", "bad"))
    assert.strictEqual((yield* dev.nextNotice)._tag, "Restarting")
    return { dev, second: yield* dev.start(2) }
  })

  it.effect("within 10 seconds waits for the next change", () =>
    Effect.gen(function* () {
      const { dev, second } = yield* afterAChange
      yield* TestClock.adjust("9999 millis")
      yield* second.end(exited(3))
      assert.deepStrictEqual(yield* dev.nextNotice, { _tag: "Failed", exit: exited(3) })
      yield* dev.change(put("development", "A", "good"))
      const third = yield* dev.start(3)
      assert.deepStrictEqual(yield* dev.unreadNotices, [])
      yield* third.end(exited(0))
      assert.deepStrictEqual(yield* dev.end, exited(0))
    }).pipe(Effect.provide(project()))
  )

  it.effect("ends the session if it ends later, or successfully", () =>
    Effect.gen(function* () {
      const { dev, second } = yield* afterAChange
      yield* TestClock.adjust("10 seconds")
      yield* second.end(exited(3))
      assert.deepStrictEqual(yield* dev.end, exited(3))
    }).pipe(Effect.provide(project()))
  )

  it.effect("ends the session if it was the first start", () =>
    Effect.gen(function* () {
      yield* put1
      const dev = yield* startDev()
      yield* (yield* dev.start(1)).end(exited(3))
      assert.deepStrictEqual(yield* dev.end, exited(3))
      assert.deepStrictEqual(yield* dev.unreadNotices, [])
    }).pipe(Effect.provide(project()))
  )

  it.effect("or cannot be started also waits, until Ctrl-C", () => {
    const error = new ProcessNotStarted({ command: "server", reason: "not-found", code: "ENOENT" })
    const refuse = (spec: ProcessSpec) => (valuesOf(spec).A === "bad" ? error : undefined)
    return Effect.gen(function* () {
      yield* put1
      const dev = yield* startDev()
      yield* dev.start(1)
      yield* dev.change(put("development", "A", "bad"))
      assert.strictEqual((yield* dev.nextNotice)._tag, "Restarting")
      assert.strictEqual((yield* dev.nextNotice)._tag, "NotStarted")
      yield* (yield* Testing.SignalsControl).send("SIGINT")
      assert.deepStrictEqual(yield* dev.end, signalled("SIGINT"))
    }).pipe(Effect.provide(project({ refuse })))
  })
})
