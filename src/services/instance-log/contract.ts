import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { AppName } from "../../domain/app/app-name.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import type { SecretName } from "../../domain/names.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { Contract } from "../contract.ts"
import { InstanceLog } from "./instance-log.ts"

export const app = "shop/production" as AppName
const other = "shop/staging" as AppName

export const secretsOf = (...values: ReadonlyArray<string>): SecretSet =>
  new Map(values.map((value, index) => [`S${index}` as SecretName, Redacted.make(value)]))

export const bytes = (text: string) => Buffer.from(text)

const texts = (id?: string, lines = 100) =>
  Effect.flatMap(InstanceLog, (log) =>
    Effect.map(log.read(app, { lines, ...omitUndefined({ instance: id }) }), (reply) =>
      reply.lines.map(({ text }) => text)
    )
  )

/** What every InstanceLog must do, without output at first. */
export const contract: Contract<InstanceLog> = [
  {
    name: "returns the lines of each app, in order, with their instance and stream",
    run: Effect.gen(function* () {
      const log = yield* InstanceLog
      Assert.deepEqual((yield* log.read(app, { lines: 5 })).lines, [])
      const one = yield* log.open({ app, id: "aaaaaaaa", secrets: secretsOf() })
      const two = yield* log.open({ app, id: "bbbbbbbb", secrets: secretsOf() })
      const third = yield* log.open({ app: other, id: "cccccccc", secrets: secretsOf() })
      one.write("stdout", bytes("a\nb\r\n\u00e9".slice(0, 6)))
      two.write("stderr", bytes("from two\n"))
      third.write("stdout", bytes("elsewhere\n"))
      one.write("stdout", bytes("\n"))
      const { lines } = yield* log.read(app, { lines: 100 })
      Assert.deepEqual(
        lines.map(({ instance, stream, text }) => [instance, stream, text]),
        [
          ["aaaaaaaa", "stdout", "a"],
          ["aaaaaaaa", "stdout", "b"],
          ["bbbbbbbb", "stderr", "from two"],
          ["aaaaaaaa", "stdout", "\u00e9"]
        ]
      )
      Assert.match(lines[0]?.at ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      Assert.deepEqual(yield* texts("bbbbbbbb"), ["from two"])
      Assert.deepEqual(yield* texts(undefined, 2), ["from two", "\u00e9"])
      yield* log.remove(app)
      Assert.deepEqual(yield* texts(), [])
      Assert.equal((yield* log.read(other, { lines: 1 })).lines.length, 1)
    })
  },

  {
    name: "returns what follows a position, and continues from there",
    run: Effect.gen(function* () {
      const log = yield* InstanceLog
      const output = yield* log.open({ app, id: "aaaaaaaa", secrets: secretsOf() })
      output.write("stdout", bytes("1\n2\n"))
      const first = yield* log.read(app, { lines: 10 })
      const nothing = yield* log.read(app, { lines: 10, after: first.next })
      Assert.deepEqual([nothing.lines, nothing.next], [[], first.next])
      output.write("stdout", bytes("3\n4\n5\n"))
      const more = yield* log.read(app, { lines: 2, after: first.next })
      Assert.deepEqual(
        more.lines.map(({ text }) => text),
        ["3", "4"]
      )
      const rest = yield* log.read(app, { lines: 2, after: more.next })
      Assert.deepEqual(
        rest.lines.map(({ text }) => text),
        ["5"]
      )
      Assert.equal((yield* log.read(app, { lines: 2, after: rest.next })).next, rest.next)
      const all = yield* log.read(app, { lines: 10, after: "no place" })
      Assert.equal(all.lines.length, 5)
    })
  },

  {
    name: "masks the values of all instances of the app, in every form",
    run: Effect.gen(function* () {
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
      Assert.equal(said.filter((line) => line.includes("[REDACTED]")).length, forms.length + 1)
      Assert.deepEqual(said.slice(-2), ["[REDACTED]", "short"])
      const all = said.join("\n")
      for (const part of ["p@ss", "w\u00f6rd", "MIIE", "other-instances"]) Assert.ok(!all.includes(part))
      Assert.ok(!all.includes(Buffer.from("@ss ").toString("hex")))
      yield* later.lastLines(1)
    })
  },

  {
    name: "returns the last lines of an instance, including one without a newline",
    run: Effect.gen(function* () {
      const log = yield* InstanceLog
      const output = yield* log.open({ app, id: "aaaaaaaa", secrets: secretsOf("s3cret-value") })
      output.write("stderr", bytes("Error: no connection\n  with s3cret-value\nbye s3cret"))
      Assert.deepEqual(yield* output.lastLines(2), ["  with [REDACTED]", "bye s3cret"])
      output.write("stderr", bytes("-value"))
      Assert.deepEqual(yield* output.lastLines(1), ["bye [REDACTED]"])
    })
  }
]
