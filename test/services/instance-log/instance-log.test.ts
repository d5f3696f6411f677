import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { app, bytes, contract, secretsOf } from "../../../src/services/instance-log/contract.ts"
import { InstanceLog } from "../../../src/services/instance-log/instance-log.ts"
import { layer } from "../../../src/services/instance-log/layer.ts"
import { layerMemory } from "../../../src/services/instance-log/layer-memory.ts"
import { maskerOf, redactedText } from "../../../src/services/instance-log/masking.ts"
import { testContract } from "../../support/contract.ts"
import { temporaryFolder } from "../files/folder.ts"

testContract(
  "InstanceLog in files",
  contract,
  Layer.unwrapScoped(Effect.map(temporaryFolder(), (directory) => layer({ directory })))
)
testContract("InstanceLog in memory", contract, layerMemory)

const logged = Effect.flatMap(InstanceLog, (log) =>
  Effect.map(log.read(app, { lines: 10_000 }), ({ lines }) => lines.map(({ text }) => text))
)

describe("an instance's output", () => {
  it.scoped("is written line by line: an incomplete line after a moment, or at the end", () =>
    Effect.gen(function* () {
      const log = yield* InstanceLog
      const scope = yield* Scope.make()
      const output = yield* Scope.extend(
        log.open({ app, id: "aaaaaaaa", secrets: secretsOf("abcdefgh") }),
        scope
      )
      output.write("stdout", bytes("password? abcd"))
      assert.deepStrictEqual(yield* logged, [])
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* logged, ["password? abcd"])
      output.write("stdout", bytes("more abc"))
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* logged, ["password? abcd", "more abc"])
    }).pipe(Effect.provide(layerMemory))
  )

  it.scoped("is kept in private files, of which the oldest are removed", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryFolder()
      yield* Effect.gen(function* () {
        const log = yield* InstanceLog
        const output = yield* log.open({ app, id: "aaaaaaaa", secrets: secretsOf() })
        for (let n = 0; n < 100; n++) output.write("stdout", bytes(`line ${n}\n`))
        const lines = yield* logged
        assert.strictEqual(lines.at(-1), "line 99")
        assert.isTrue(lines.length >= 20 && lines.length < 60)
        const folder = Path.join(directory, app)
        const files = Fs.readdirSync(folder)
        assert.lengthOf(files, 3)
        for (const file of files) assert.strictEqual(Fs.statSync(Path.join(folder, file)).mode & 0o777, 0o600)
        // The cursor points into a file that has been removed.
        const { lines: all } = yield* log.read(app, { lines: 10_000, after: "1:10" })
        assert.lengthOf(all, lines.length)
      }).pipe(Effect.provide(layer({ directory, fileLength: 1000, files: 3 })))
    })
  )

  it.scoped("is read page by page, each line exactly once", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryFolder()
      yield* Effect.gen(function* () {
        const log = yield* InstanceLog
        const output = yield* log.open({ app, id: "aaaaaaaa", secrets: secretsOf() })
        const other = yield* log.open({ app, id: "bbbbbbbb", secrets: secretsOf() })
        const start = yield* log.read(app, { lines: 1 })
        for (let n = 0; n < 100; n++) {
          output.write("stdout", bytes(`line ${n}\n`))
          other.write("stdout", bytes(`other ${n}\n`))
        }
        const read: Array<string> = []
        let after = start.next
        for (;;) {
          const { lines, next } = yield* log.read(app, { lines: 7, after, instance: "aaaaaaaa" })
          if (lines.length === 0) break
          assert.isAtMost(lines.length, 7)
          read.push(...lines.map(({ text }) => text))
          after = next
        }
        assert.deepStrictEqual(
          read,
          Array.from({ length: 100 }, (_, n) => `line ${n}`)
        )
      }).pipe(Effect.provide(layer({ directory, fileLength: 1000, files: 100 })))
    })
  )

  it.scoped("continues after a line that a killed server left incomplete", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryFolder()
      const folder = Path.join(directory, app)
      Fs.mkdirSync(folder, { recursive: true })
      const line = { at: "2026-01-01T00:00:00.000Z", instance: "a", stream: "stdout", text: "before" }
      Fs.writeFileSync(
        Path.join(folder, "output.7.jsonl"),
        `${JSON.stringify(line)}\n{"at":"2026-01-01T00:00:00.000Z","inst`
      )
      yield* Effect.gen(function* () {
        const log = yield* InstanceLog
        assert.deepStrictEqual(yield* logged, ["before"])
        const { next } = yield* log.read(app, { lines: 1 })
        const output = yield* log.open({ app, id: "aaaaaaaa", secrets: secretsOf() })
        output.write("stdout", bytes("after\n"))
        assert.deepStrictEqual(yield* logged, ["before", "after"])
        const more = yield* log.read(app, { lines: 9, after: next })
        assert.deepStrictEqual(
          more.lines.map(({ text }) => text),
          ["after"]
        )
      }).pipe(Effect.provide(layer({ directory })))
    })
  )

  it.scoped("is read back even if its lines are longer than a read", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryFolder()
      yield* Effect.gen(function* () {
        const log = yield* InstanceLog
        const output = yield* log.open({ app, id: "aaaaaaaa", secrets: secretsOf() })
        const lines = Array.from({ length: 30 }, (_, n) => `${n} ${"\u20ac".repeat(n * 3000)}`)
        for (const line of lines) output.write("stdout", bytes(`${line}\n`))
        const read = yield* logged
        assert.strictEqual(read.join(""), lines.join(""))
      }).pipe(Effect.provide(layer({ directory })))
    })
  )
})

describe("masking", () => {
  it("finds the longest of secrets with a common prefix, adjacent ones too, and holds back no more than needed", () => {
    const { mask } = maskerOf(["secret", "secret-longer", "longer-still", "tail"])
    assert.deepStrictEqual(mask("secret-longer", true), { text: redactedText, rest: "" })
    assert.deepStrictEqual(mask("secretsecret", true), { text: `${redactedText}${redactedText}`, rest: "" })
    assert.deepStrictEqual(mask("a secret-lo", false), { text: "a ", rest: "secret-lo" })
    assert.deepStrictEqual(mask("a secret-lo", true), { text: `a ${redactedText}-lo`, rest: "" })
    assert.deepStrictEqual(mask("x t", false), { text: "x ", rest: "t" })
    assert.deepStrictEqual(mask("x tz", false), { text: "x tz", rest: "" })
    assert.deepStrictEqual(maskerOf([]).mask("anything", false), { text: "anything", rest: "" })
  })
})
