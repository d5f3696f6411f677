import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { nearest } from "../did-you-mean.ts"
import { type Decoded, type Decoder, expected, misfit, type Path, shownPath } from "./decoder.ts"

type Fields = { readonly [key: string]: Decoder<unknown> }
type Of<D> = D extends Decoder<infer A> ? A : never
export type ObjectOf<R extends Fields, O extends Fields> = { readonly [K in keyof R]: Of<R[K]> } & {
  readonly [K in keyof O]?: Of<O[K]>
}

/** JSON's object, TOML's table. Lists and dates are objects too, and none of these. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)

interface Options {
  /** Keys whose values are not looked at; without them, a key that is not a member is refused. */
  readonly ignored?: Iterable<string> | "all others"
  /** What people call it. */
  readonly called?: string
}

/** An object with all of the required members and any of the optional ones. Only its own members count. */
export const objectOf = <R extends Fields, O extends Fields>(
  required: R,
  optional: O,
  { ignored = [], called = "an object" }: Options = {}
): Decoder<ObjectOf<R, O>> => {
  const fields = new Map(Object.entries<Decoder<unknown>>({ ...required, ...optional }))
  const left = ignored === "all others" ? undefined : new Set(ignored)
  return (value, path) => {
    if (!isObject(value)) return expected(path, called)
    const members: Array<readonly [string, unknown]> = []
    for (const [key, member] of Object.entries(value)) {
      const decoder = fields.get(key)
      if (decoder === undefined) {
        if (left?.has(key) ?? true) continue
        return unknownKey([...path, key], fields.keys())
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

/** An object of members that are all of one kind; `rule` is what their keys must be. */
export const mapOf =
  <K extends string, A>(
    isKey: (key: string) => key is K,
    rule: string,
    member: Decoder<A>,
    called = "an object"
  ): Decoder<ReadonlyMap<K, A>> =>
  (value, path) => {
    if (!isObject(value)) return expected(path, called)
    const members = new Map<K, A>()
    for (const [key, one] of Object.entries(value)) {
      const here = [...path, key]
      if (!isKey(key)) return misfit(here, `${shownPath(here)}: the key must be ${rule}`)
      const decoded = member(one, here)
      if (Either.isLeft(decoded)) return Either.left(decoded.left)
      members.set(key, decoded.right)
    }
    return Either.right(members)
  }

const unknownKey = (path: Path, known: Iterable<string>): Decoded<never> => {
  const problem = `${shownPath(path)} is not a key that tako knows`
  return Option.match(nearest(path[path.length - 1] as string, known), {
    onNone: () => misfit(path, problem),
    onSome: (key) => Either.left({ path, problem, suggestion: shownPath([...path.slice(0, -1), key]) })
  })
}
