import { type Decoder, integerLike } from "./decoder.ts"
import * as Objects from "./object.ts"

/** A whole number; TOML's integers arrive as bigint, its floats as number. */
export const integer = integerLike((value): value is bigint => typeof value === "bigint")

/** A table of these keys, each of which may be left out, and of `ignored` ones. */
export const tableOf = <F extends { readonly [key: string]: Decoder<unknown> }>(
  fields: F,
  ignored: Iterable<string> = []
) => Objects.objectOf({}, fields, { ignored, called: "a table" })

export const mapOf = <K extends string, A>(
  isKey: (key: string) => key is K,
  rule: string,
  item: Decoder<A>
): Decoder<ReadonlyMap<K, A>> => Objects.mapOf(isKey, rule, item, "a table")
