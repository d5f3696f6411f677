import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { AppName } from "../../../src/domain/app/app-name.ts"
import type { SecretSet } from "../../../src/domain/app/secret-set.ts"
import { SecretName } from "../../../src/domain/names.ts"
import { omitUndefined } from "../../../src/domain/omit-undefined.ts"
import { InstanceLog } from "../../../src/services/instance-log/instance-log.ts"

export const app = AppName("shop/production")
export const other = AppName("shop/staging")

export const secretsOf = (...values: ReadonlyArray<string>): SecretSet =>
  new Map(values.map((value, index) => [SecretName(`S${index}`), Redacted.make(value)]))

export const bytes = (text: string) => Buffer.from(text)

/** What every InstanceLog does; each test has a new and empty one. */
export const contract = (
  title: string,
  fresh: <A, E>(
    test: Effect.Effect<A, E, InstanceLog | Scope.Scope>
  ) => Effect.Effect<A, unknown, Scope.Scope>
) =>
  describe(title, () => {
    const test = <A, E>(name: string, run: Effect.Effect<A, E, InstanceLog | Scope.Scope>) =>
      it.scoped(name, () => fresh(run))
    const texts = (id?: string, lines = 100) =>
      Effect.flatMap(InstanceLog, (log) =>
        Effect.map(log.read(app, { lines, ...omitUndefined({ instance: id }) }), (reply) =>
          reply.lines.map(({ text }) => text)
        )
      )

    test(
      "tells the lines of each app, in order, with their instance and stream",
      Effect.gen(function* () {
        const log = yield* InstanceLog
        assert.deepStrictEqual((yield* log.read(app, { lines: 5 })).lines, [])
        const one = yield* log.open({ app, id: "aaaaaaaa", secrets: secretsOf() })
        const two = yield* log.open({ app, id: "bbbbbbbb", secrets: secretsOf() })
        const third = yield* log.open({ app: other, id: "cccccccc", secrets: secretsOf() })
        one.write("stdout", bytes("a\nb\r\n\u00e9".slice(0, 6)))
        two.write("stderr", bytes("from two\n"))
        third.write("stdout", bytes("elsewhere\n"))
        one.write("stdout", bytes("\n"))
        const { lines } = yield* log.read(app, { lines: 100 })
        assert.deepStrictEqual(
          lines.map(({ instance, stream, text }) => [instance, stream, text]),
          [
            ["aaaaaaaa", "stdout", "a"],
            ["aaaaaaaa", "stdout", "b"],
            ["bbbbbbbb", "stderr", "from two"],
            ["aaaaaaaa", "stdout", "\u00e9"]
          ]
        )
        assert.strictEqual(lines[0]?.at, "1970-01-01T00:00:00.000Z")
        assert.deepStrictEqual(yield* texts("bbbbbbbb"), ["from two"])
        assert.deepStrictEqual(yield* texts(undefined, 2), ["from two", "\u00e9"])
        yield* log.remove(app)
        assert.deepStrictEqual(yield* texts(), [])
        assert.strictEqual((yield* log.read(other, { lines: 1 })).lines.length, 1)
      })
    )

    test(
      "tells what came after a place, and goes on from there",
      Effect.gen(function* () {
        const log = yield* InstanceLog
        const output = yield* log.open({ app, id: "aaaaaaaa", secrets: secretsOf() })
        output.write("stdout", bytes("1\n2\n"))
        const first = yield* log.read(app, { lines: 10 })
        const nothing = yield* log.read(app, { lines: 10, after: first.next })
        assert.deepStrictEqual([nothing.lines, nothing.next], [[], first.next])
        output.write("stdout", bytes("3\n4\n5\n"))
        const more = yield* log.read(app, { lines: 2, after: first.next })
        assert.deepStrictEqual(
          more.lines.map(({ text }) => text),
          ["3", "4"]
        )
        const rest = yield* log.read(app, { lines: 2, after: more.next })
        assert.deepStrictEqual(
          rest.lines.map(({ text }) => text),
          ["5"]
        )
        assert.strictEqual((yield* log.read(app, { lines: 2, after: rest.next })).next, rest.next)
        const all = yield* log.read(app, { lines: 10, after: "no place" })
        assert.strictEqual(all.lines.length, 5)
      })
    )

    test(
      "masks the values of all instances of the app, however they come",
      Effect.gen(function* () {
        const log = yield* InstanceLog
        const value = 'p@ss "w\u00f6rd" / two'
        const key = "-----BEGIN-----\nMIIEvQIBADAN\n-----END-----"
        const output = yield* log.open({ app, id: "aaaaaaaa", secrets: secretsOf(value, key, "short") })
        const later = yield* log.open({ app, id: "bbbbbbbb", secrets: secretsOf("other-instances") })
        const base64 = (before: string) => Buffer.from(`${before}${value}z`).toString("base64")
        const forms = [
          value,
          JSON.stringify({ value }),
          encodeURIComponent(value),
          base64(""),
          base64("u"),
          base64("us"),
          Buffer.from(value).toString("hex"),
          "MIIEvQIBADAN",
          "other-instances"
        ]
        for (const form of forms) {
          for (const byte of bytes(`<${form}>\n`)) output.write("stdout", Uint8Array.of(byte))
        }
        output.write("stderr", bytes(`${key}\nshort\n`))
        const said = yield* texts()
        assert.strictEqual(said.filter((line) => line.includes("[REDACTED]")).length, forms.length + 1)
        assert.deepStrictEqual(said.slice(-2), ["[REDACTED]", "short"])
        const all = said.join("\n")
        for (const part of ["p@ss", "w\u00f6rd", "MIIE", "other-instances"]) assert.notInclude(all, part)
        assert.notInclude(all, Buffer.from("@ss ").toString("hex"))
        yield* later.lastLines(1)
      })
    )

    test(
      "tells the last lines of an instance, what has no newline yet among them",
      Effect.gen(function* () {
        const log = yield* InstanceLog
        const output = yield* log.open({ app, id: "aaaaaaaa", secrets: secretsOf("s3cret-value") })
        output.write("stderr", bytes("Error: no connection\n  with s3cret-value\nbye s3cret"))
        assert.deepStrictEqual(yield* output.lastLines(2), ["  with [REDACTED]", "bye s3cret"])
        output.write("stderr", bytes("-value"))
        assert.deepStrictEqual(yield* output.lastLines(1), ["bye [REDACTED]"])
      })
    )
  })
