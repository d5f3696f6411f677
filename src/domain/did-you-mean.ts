import * as Option from "effect/Option"

/**
 * The candidate that was most likely meant: up to a third of its letters may differ, three at most, ignoring
 * case; or the word is a prefix (of at least three letters) of exactly one candidate.
 */
export const nearest = (word: string, candidates: Iterable<string>): Option.Option<string> => {
  if (word.length === 0 || word.length > longest) return Option.none()
  const typed = word.toLowerCase()
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  const beginnings: Array<string> = []
  for (const candidate of candidates) {
    const there = candidate.toLowerCase()
    if (typed.length >= 3 && there.startsWith(typed)) beginnings.push(candidate)
    const limit = Math.min(3, Math.floor(Math.max(typed.length, there.length) / 3))
    if (Math.abs(typed.length - there.length) > limit) continue
    const steps = distance(typed, there)
    if (steps <= limit && steps < least) {
      best = candidate
      least = steps
    }
  }
  return Option.fromNullable(best ?? (beginnings.length === 1 ? beginnings[0] : undefined))
}

/** The same for an unknown environment; production-eu is not taken for a misspelt production. */
export const nearestEnvironment = (name: string, known: Iterable<string>): Option.Option<string> =>
  Option.filter(nearest(name, known), (near) => !name.startsWith(`${near}-`))

// Longer than any of our names, and short enough to compare with all of them.
const longest = 128

/** The distance in insertions, deletions, replacements and swaps of neighbours (Damerau-Levenshtein, optimal string alignment). */
const distance = (a: string, b: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let steps = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        steps = Math.min(steps, at(beforeLast, j - 2) + 1)
      }
      row.push(steps)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

const at = (row: ReadonlyArray<number>, index: number): number => row[index] ?? Number.POSITIVE_INFINITY
