import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { nearest } from "../did-you-mean.ts"
import { type Decoded, type Decoder, expected, misfit, type Path, shownPath } from "../tako-toml/decoder.ts"

export {
  type Decoded,
  type Decoder,
  expected,
  isText,
  isWritten,
  listOf,
  misfit,
  shownPath,
  textLike,
  that
} from "../tako-toml/decoder.ts"

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A whole number, which JSON writes as it writes every other. */
export const integer = (least: number, most: number): Decoder<number> => {
  const what = `a whole number from ${least} to ${most}`
  return (value, path) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most
      ? Either.right(value)
      : expected(path, what)
}

export const oneOf = <const A extends string>(...words: ReadonlyArray<A>): Decoder<A> => {
  const what = words.map((word) => JSON.stringify(word)).join(" or ")
  return (value, path) => {
    const word = words.find((each) => each === value)
    return word === undefined ? expected(path, what) : Either.right(word)
  }
}

type Fields = { readonly [key: string]: Decoder<unknown> }
type Of<D> = D extends Decoder<infer A> ? A : never
export type ObjectOf<R extends Fields, O extends Fields> = { readonly [K in keyof R]: Of<R[K]> } & {
  readonly [K in keyof O]?: Of<O[K]>
}

/** What becomes of a member that nobody asked for. */
export type Surplus = "refused" | "ignored"

/** An object with all of the required members and any of the optional ones. Only its own members count. */
export const objectOf = <R extends Fields, O extends Fields>(
  required: R,
  optional: O,
  surplus: Surplus = "refused"
): Decoder<ObjectOf<R, O>> => {
  const fields = new Map(Object.entries<Decoder<unknown>>({ ...required, ...optional }))
  return (value, path) => {
    if (!isObject(value)) return expected(path, "an object")
    const members: Array<readonly [string, unknown]> = []
    for (const [key, member] of Object.entries(value)) {
      const decoder = fields.get(key)
      if (decoder === undefined) {
        if (surplus === "ignored") continue
        return unknownMember([...path, key], fields.keys())
      }
      const decoded = decoder(member, [...path, key])
      if (Either.isLeft(decoded)) return Either.left(decoded.left)
      members.push([key, decoded.right])
    }
    const missing = Object.keys(required).find((key) => !Object.hasOwn(value, key))
    if (missing !== undefined) return misfit(path, `${shownPath([...path, missing])} is missing`)
    return Either.right(Object.fromEntries(members) as ObjectOf<R, O>)
  }
}

export const recordOf =
  <K extends string, A>(
    isKey: (key: string) => key is K,
    what: string,
    member: Decoder<A>
  ): Decoder<ReadonlyMap<K, A>> =>
  (value, path) => {
    if (!isObject(value)) return expected(path, "an object")
    const members = new Map<K, A>()
    for (const [key, one] of Object.entries(value)) {
      const here = [...path, key]
      if (!isKey(key)) return misfit(here, `${shownPath(here)}: the name must be ${what}`)
      const decoded = member(one, here)
      if (Either.isLeft(decoded)) return Either.left(decoded.left)
      members.set(key, decoded.right)
    }
    return Either.right(members)
  }

const unknownMember = (path: Path, known: Iterable<string>): Decoded<never> => {
  const problem = `${shownPath(path)} is not known`
  return Option.match(nearest(path[path.length - 1] as string, known), {
    onNone: () => misfit(path, problem),
    onSome: (suggestion) => misfit(path, `${problem}; did you mean ${suggestion}?`)
  })
}
