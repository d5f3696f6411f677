import type { Random } from "../../support/random.ts"

/** A parser that is fed with mutants. Anything `feed` throws is a fault; a `Fault` means that it gave a wrong answer. */
export interface Target<Input> {
  readonly name: string
  /** The target's share of all inputs, in percent. */
  readonly share: number
  readonly make: (random: Random) => Input
  /** The outcome, by stage and class: "opened", "SecretsFileDamaged salt". */
  readonly feed: (input: Input) => string | Promise<string>
  /** Outcomes that must occur. */
  readonly outcomes: ReadonlyArray<string>
  /** Stages that at least this percentage of the target's inputs must reach. */
  readonly stages?: Readonly<
    Record<string, { readonly atLeast: number; readonly of: (outcome: string) => boolean }>
  >
  /** Extreme inputs: the largest, deepest and nastiest. Each is fed once and measured. */
  readonly giants: () => ReadonlyArray<readonly [what: string, input: Input]>
  /** Smaller inputs of the same kind, for minimizing one that fails. */
  readonly smaller: (input: Input) => Iterable<Input>
  readonly shown: (input: Input) => string
}

/** A wrong answer: the target accepted something that it must refuse. */
export class Fault extends Error {}

/** The bytes without one piece, for pieces of decreasing size. */
export function* smallerBytes(bytes: Buffer): Iterable<Buffer> {
  for (let size = bytes.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= bytes.length; at += size) {
      yield Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)])
    }
  }
}

export function* smallerList<A>(list: ReadonlyArray<A>): Iterable<ReadonlyArray<A>> {
  for (let size = Math.max(1, list.length >> 1); size >= 1; size >>= 1) {
    for (let at = 0; at + size <= list.length; at += size)
      yield [...list.slice(0, at), ...list.slice(at + size)]
    if (size === 1) break
  }
}

/** Flips, cuts, doubles and swaps bytes, as an editor, a merge or a bad disk might. */
export const mangled = (random: Random, bytes: Buffer, words: ReadonlyArray<string>): Buffer => {
  let out = Buffer.from(bytes)
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(out.length + 1)
    const to = Math.min(out.length, at + 1 + random.below(24))
    const rest = out.subarray(to)
    switch (random.below(6)) {
      case 0:
        if (out.length > 0) out[at % out.length] = (out[at % out.length] as number) ^ (1 << random.below(8))
        break
      case 1:
        out = Buffer.concat([out.subarray(0, at), rest])
        break
      case 2:
        out = Buffer.concat([out.subarray(0, to), out.subarray(at, to), rest])
        break
      case 3:
        out = out.subarray(0, at)
        break
      case 4:
        out = Buffer.concat([out.subarray(0, at), Buffer.from(random.pick(words)), out.subarray(at)])
        break
      default:
        out = Buffer.concat([out.subarray(0, at), Buffer.from([random.below(256)]), out.subarray(at)])
    }
  }
  return out
}

/** Pieces that make parsers stumble. */
export const words = [
  "{",
  "}",
  "[",
  "]",
  '"',
  "\\",
  ",",
  ":",
  "\0",
  "\u2028",
  "\ufeff",
  "\\u0000",
  "\\ud800",
  "null",
  "true",
  "-0",
  "1e999",
  "0.1",
  "12345678901234567890",
  "__proto__",
  "constructor",
  "toString",
  "=",
  "==",
  "A",
  "+",
  "/",
  "-",
  "_",
  "\n",
  "\r\n",
  " ",
  "#",
  "'''",
  '"""',
  "[[",
  "]]",
  "é",
  "\u{1F600}",
  "<<<<<<< HEAD\n",
  "--",
  "\u202e"
]
