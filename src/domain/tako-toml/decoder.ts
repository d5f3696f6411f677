import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { nearest } from "../did-you-mean.ts"

/** Where and why a value does not fit; it is not quoted, for it may be a secret in the wrong place. */
export interface Misfit {
  readonly path: Path
  readonly problem: string
  readonly suggestion?: string
}

export type Path = ReadonlyArray<string>
export type Decoded<A> = Either.Either<A, Misfit>
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

/** A whole number; TOML's integers arrive as bigint, its floats as number. */
export const integer = (least: number, most: number): Decoder<number> => {
  const what = `a whole number from ${least} to ${most}`
  return (value, path) =>
    typeof value === "bigint" && value >= least && value <= most
      ? Either.right(Number(value))
      : expected(path, what)
}

export const listOf =
  <A>(item: Decoder<A>, what: string): Decoder<ReadonlyArray<A>> =>
  (value, path) =>
    Array.isArray(value)
      ? Either.all(value.map((one, index) => item(one, [...path, String(index)])))
      : expected(path, what)

export const mapOf =
  <K extends string, A>(
    isKey: (key: string) => key is K,
    what: string,
    item: Decoder<A>
  ): Decoder<ReadonlyMap<K, A>> =>
  (value, path) =>
    isTable(value)
      ? Either.map(
          Either.all(
            Object.entries(value).map(([key, one]) =>
              isKey(key)
                ? Either.map(item(one, [...path, key]), (decoded) => [key, decoded] as const)
                : misfit([...path, key], `${shownPath([...path, key])}: the key must be ${what}`)
            )
          ),
          (entries) => new Map(entries)
        )
      : expected(path, "a table")

type Fields = { readonly [key: string]: Decoder<unknown> }
type Present<F extends Fields> = { readonly [K in keyof F]?: F[K] extends Decoder<infer A> ? A : never }

/** A table of these keys, each of which may be left out, and of `others`, whose values are not looked at. */
export const tableOf =
  <F extends Fields>(fields: F, others: Iterable<string> = []): Decoder<Present<F>> =>
  (value, path) =>
    Either.gen(function* () {
      if (!isTable(value)) return yield* expected(path, "a table")
      const left = new Set(others)
      const present: Array<readonly [string, unknown]> = []
      for (const [key, one] of Object.entries(value)) {
        const decoder = Object.hasOwn(fields, key) ? fields[key] : undefined
        if (decoder !== undefined) present.push([key, yield* decoder(one, [...path, key])])
        else if (!left.has(key)) return yield* unknownKey([...path, key], Object.keys(fields))
      }
      return Object.fromEntries(present) as Present<F>
    })

const unknownKey = (path: Path, known: ReadonlyArray<string>): Either.Either<never, Misfit> => {
  const key = path[path.length - 1] as string
  const problem = `${shownPath(path)} is not a key that tako knows`
  return Either.left(
    Option.match(nearest(key, known), {
      onNone: () => ({ path, problem }),
      onSome: (suggestion) => ({ path, problem, suggestion: shownPath([...path.slice(0, -1), suggestion]) })
    })
  )
}

/** Arrays and dates are objects too, and no tables. */
export const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)

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
