import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { isAppName } from "../app/app-name.ts"
import { isKeyId } from "../key.ts"
import { isEnvironmentName, isSecretName } from "../names.ts"

/** Text without NUL, which neither arguments nor environment variables can contain. */
export const isText = (value: string): boolean => !value.includes("\0")

export const isWritten = (value: string): boolean => isText(value) && value.trim() !== ""

/** Text that satisfies `fits`; `rule` completes the sentence "x must be …". */
export const textThat = <A extends string>(fits: (text: string) => text is A, rule: string) =>
  Schema.String.pipe(Schema.filter(fits, { description: rule }))

export const textWhere = (fits: (text: string) => boolean, rule: string) =>
  Schema.String.pipe(Schema.filter(fits, { description: rule }))

/** Any text. It is either read by machines, or passed through `printable` before people see it. */
export const Text = Schema.String.annotations({ description: "a string" })

/** Text that must not be shown, in memory as a Redacted. */
export const Secret = <A extends string>(text: Schema.Schema<A, string>) =>
  Schema.transform(
    text,
    Schema.declare((value): value is Redacted.Redacted<A> => Redacted.isRedacted(value)),
    { strict: true, decode: (text) => Redacted.make(text), encode: (value) => Redacted.value(value) }
  )

export const Flag = Schema.Boolean.annotations({ description: "true or false" })

export const wholeNumber = (least: number, most: number) =>
  Schema.Number.pipe(
    Schema.filter((n) => Number.isSafeInteger(n) && n >= least && n <= most, {
      description: `a whole number from ${least} to ${most}`
    })
  )

/** The number of a release, an event, a line. */
export const Ordinal = wholeNumber(1, Number.MAX_SAFE_INTEGER)

/** A count, or a duration in milliseconds. */
export const Count = wholeNumber(0, Number.MAX_SAFE_INTEGER)

export const oneOf = <const Words extends readonly [string, ...ReadonlyArray<string>]>(...words: Words) =>
  Schema.Literal(...words).annotations({
    description: words.map((word) => JSON.stringify(word)).join(" or ")
  })

export const listOf = <A, I>(item: Schema.Schema<A, I>, rule: string) =>
  Schema.Array(item).annotations({ description: rule })

/** A member that may be missing, but is never undefined. */
export const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/** Chosen by the client: the actor, or the label of a build. */
export const Label = textWhere(
  (text) => isWritten(text) && text.length <= 256,
  "a string of 1 to 256 characters"
)

/** ISO 8601 in UTC with milliseconds, as Date.prototype.toISOString writes it. */
export const Instant = textWhere(
  (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text),
  "a moment, as in 2026-01-31T12:00:00.000Z"
)

export const KeyIdText = textThat(isKeyId, "a key's id: 16 hex digits")

export const SecretNameText = textThat(isSecretName, "a secret's name, as in DATABASE_URL")

export const EnvironmentNameText = textThat(isEnvironmentName, "an environment's name, as in production")

/** A JSON object or a TOML table; not a list, although lists are objects too. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

interface MapOptions {
  /** What is wrong with a key, to follow its path: ": the key must be …". Undefined if the key is valid. */
  readonly keyProblem: (key: string) => string | undefined
  /** What people call the whole. */
  readonly object?: string
}

/**
 * An object whose members all have one type, as a Map that keeps their order. Schema.Record would decode it into an object,
 * which loses `__proto__`.
 */
export const mapOf = <K extends string, A, I>(
  { keyProblem, object = "an object" }: MapOptions,
  member: Schema.Schema<A, I>
) => {
  return Schema.transformOrFail(
    Schema.declare((value): value is Readonly<Record<string, I>> => isObject(value), { description: object }),
    Schema.declare((value): value is ReadonlyMap<K, A> => value instanceof Map),
    {
      strict: true,
      decode: (from, options, ast) => {
        const decodeMember = ParseResult.decodeUnknownEither(member)
        const map = new Map<K, A>()
        for (const [key, value] of Object.entries<unknown>(from)) {
          const refuse = (issue: ParseResult.ParseIssue) =>
            Either.left(new ParseResult.Pointer(key, from, issue))
          const problem = keyProblem(key)
          if (problem !== undefined) return refuse(new ParseResult.Type(ast, key, problem))
          const decoded = decodeMember(value, options)
          if (Either.isLeft(decoded)) return refuse(decoded.left)
          map.set(key as K, decoded.right)
        }
        return Either.right(map)
      },
      encode: (map, options) => {
        const encodeMember = ParseResult.encodeEither(member)
        const members = [...map].map(([key, value]) =>
          Either.map(encodeMember(value, options), (one) => [key, one] as const)
        )
        return Either.map(Either.all(members), (all): Readonly<Record<string, I>> => Object.fromEntries(all))
      }
    }
  )
}

export const AppNameText = textThat(isAppName, 'an app and its environment, as in "shop/production"')

export const SecretNames = listOf(SecretNameText, "a list of secrets' names")
