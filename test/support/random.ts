import { createCipheriv, createHash, randomInt } from "node:crypto"

/** The seed of all random choices of this run; set TAKO_TEST_SEED to repeat an earlier run. */
export const seed = Number(process.env.TAKO_TEST_SEED ?? randomInt(2 ** 31))

/** Reproducible random numbers (mulberry32), good enough for making choices. */
export interface Random {
  /** 0 ≤ n < below. */
  readonly below: (below: number) => number
  readonly pick: <A>(from: ReadonlyArray<A>) => A
  readonly chance: (of: number) => boolean
}

export const randomOf = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (n: number): number => Math.floor(next() * n)
  return {
    below,
    pick: <A>(from: ReadonlyArray<A>): A => from[below(from.length)] as A,
    chance: (of) => next() < of
  }
}

export const shuffled = <A>(random: Random, from: ReadonlyArray<A>): Array<A> => {
  const left = [...from]
  for (let at = left.length - 1; at > 0; at--) {
    const other = random.below(at + 1)
    ;[left[at], left[other]] = [left[other] as A, left[at] as A]
  }
  return left
}

/** Returns `length` bytes, which differ for each purpose. */
export const randomBytes = (length: number, purpose: string, from = seed): Buffer => {
  const key = createHash("sha256").update(`${from} ${purpose}`).digest()
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length))
}
