import type { Random } from "../../support/random.ts"

/** What is fed with mutants. What `feed` throws is a fault; a Fault says that a wrong answer was given. */
export interface Target<Input> {
  readonly name: string
  /** Of a hundred inputs, how many are this target's. */
  readonly share: number
  readonly make: (random: Random) => Input
  /** The outcome, by stage and class: "opened", "SecretsFileDamaged salt". */
  readonly feed: (input: Input) => string | Promise<string>
  /** Outcomes that have to come up. */
  readonly outcomes: ReadonlyArray<string>
  /** Of all its inputs, at least so many in a hundred get as far as one of these outcomes. */
  readonly stages?: Readonly<
    Record<string, { readonly atLeast: number; readonly of: (outcome: string) => boolean }>
  >
  /** As large, as deep, as nasty as can be thought of: each is fed once and measured. */
  readonly giants: () => ReadonlyArray<readonly [what: string, input: Input]>
  /** Smaller inputs of the same kind, for finding the smallest that fails. */
  readonly smaller: (input: Input) => Iterable<Input>
  readonly shown: (input: Input) => string
}

/** A wrong answer: something was let through that must not be. */
export class Fault extends Error {}

/** Bytes with pieces left out, large ones first. */
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

/** Flips, cuts, doubles and swaps bytes: what an editor, a merge or a bad disk does. */
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

/** Pieces that parsers stumble over. */
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
