import * as Either from "effect/Either"

/** Where and why a value does not fit; it is not quoted, for it may be a secret in the wrong place. */
export interface Misfit {
  readonly path: Path
  readonly problem: string
  /** What was meant, perhaps. */
  readonly suggestion?: string
}

export type Path = ReadonlyArray<string>
export type Decoded<A> = Either.Either<A, Misfit>

/** From parsed JSON or TOML, at this path, to a value of ours. */
export type Decoder<A> = (value: unknown, path: Path) => Decoded<A>

export const misfit = (path: Path, problem: string): Either.Either<never, Misfit> =>
  Either.left({ path, problem })

export const expected = (path: Path, what: string): Either.Either<never, Misfit> =>
  misfit(path, `${shownPath(path)} must be ${what}`)

/** A value of which `fits` holds, described by `what`: "a whole number". */
export const that =
  <A>(fits: (value: unknown) => value is A, what: string): Decoder<A> =>
  (value, path) =>
    fits(value) ? Either.right(value) : expected(path, what)

/** A text without NUL, which neither an argument nor a variable can carry. */
export const isText = (value: unknown): value is string => typeof value === "string" && !value.includes("\0")

export const isWritten = (value: unknown): value is string => isText(value) && value.trim() !== ""

export const textLike = (pattern: RegExp, what: string): Decoder<string> =>
  that((value): value is string => typeof value === "string" && pattern.test(value), what)

export const oneOf = <const A extends string>(...words: ReadonlyArray<A>): Decoder<A> =>
  that(
    (value): value is A => words.some((word) => word === value),
    words.map((word) => JSON.stringify(word)).join(" or ")
  )

/** A whole number, `isWhole` being what the format's parser makes of one. */
export const integerLike =
  (isWhole: (value: unknown) => value is number | bigint) =>
  (least: number, most: number): Decoder<number> =>
  (value, path) =>
    isWhole(value) && value >= least && value <= most
      ? Either.right(Number(value))
      : expected(path, `a whole number from ${least} to ${most}`)

export const listOf =
  <A>(item: Decoder<A>, what: string): Decoder<ReadonlyArray<A>> =>
  (value, path) =>
    Array.isArray(value)
      ? Either.all(value.map((one, index) => item(one, [...path, String(index)])))
      : expected(path, what)

/** The dotted key as TOML writes it, in printable ASCII. */
export const shownPath = (path: Path): string => path.map(shownKey).join(".")

const shownKey = (key: string): string => {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(key)) return key
  const short = key.length > 64 ? `${key.slice(0, 64)}…` : key
  return JSON.stringify(short).replace(
    /[^\x20-\x7e…]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
}
