import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Contract } from "../contract.ts"
import { Stdio } from "./stdio.ts"

/** A program with this stdin, and what it writes. */
export interface Session {
  readonly name: string
  readonly stdin: Uint8Array
  readonly program: Effect.Effect<void, unknown, Stdio>
  readonly written: Written
}

export interface Written {
  readonly stdout: string
  readonly stderr: string
}

/** A value, or why it is refused. */
type Reading = string | { readonly refused: "not-utf8" | "too-large" }

const reads = (name: string, stdin: Uint8Array | string, expected: Reading): Session => ({
  name,
  stdin: typeof stdin === "string" ? Buffer.from(stdin) : stdin,
  program: Effect.gen(function* () {
    const read = Either.match(yield* Effect.either((yield* Stdio).readStdin), {
      onLeft: ({ reason }) => ({ refused: reason }),
      onRight: Redacted.value
    })
    // A text of 1 MiB is too long to be shown.
    if (typeof read === "string" && read.length > 1000) Assert.ok(read === expected)
    else Assert.deepEqual(read, expected)
  }),
  written: { stdout: "", stderr: "" }
})

const mebibyte = "a".repeat(1024 * 1024)

/** What every Stdio must do, as data: whoever has another process run the program can find it here by its index. */
export const sessions: ReadonlyArray<Session> = [
  ...["", "value\n", "\uFEFFwith a mark", "a\r\nb\0c\n\n", "жук 🐙"].map((text) =>
    reads(`reads ${JSON.stringify(text)} to the byte`, text, text)
  ),
  ...Object.entries({
    "a byte that is none": [0xff],
    "a cut character": [0x61, 0xc3],
    "an overlong one": [0xc0, 0xaf],
    "half of a surrogate pair": [0xed, 0xa0, 0x80]
  }).map(([what, bytes]) =>
    reads(`refuses what is not UTF-8: ${what}`, Uint8Array.from(bytes), { refused: "not-utf8" })
  ),
  reads("accepts 1 MiB", mebibyte, mebibyte),
  reads("accepts 1 MiB and a newline", `${mebibyte}\n`, `${mebibyte}\n`),
  ...["a", "a\n", "\n\n"].map((more) =>
    reads(`refuses 1 MiB and ${JSON.stringify(more)}`, mebibyte + more, { refused: "too-large" })
  ),
  {
    name: "writes data to stdout, and lines for people to stderr",
    stdin: new Uint8Array(0),
    program: Effect.gen(function* () {
      const { out, say } = yield* Stdio
      yield* out("one ")
      yield* say("an aside")
      yield* out("two\n")
    }),
    written: { stdout: "one two\n", stderr: "an aside\n" }
  }
]

/** What every Stdio must do. `hold` runs the session's program with the session's stdin, and returns what it has written. */
export const contractOf = <R>(
  hold: (session: Session, index: number) => Effect.Effect<Written, unknown, R | Scope.Scope>
): Contract<R> =>
  sessions.map((session, index) => ({
    name: session.name,
    run: Effect.map(hold(session, index), (written) => Assert.deepEqual(written, session.written))
  }))
