import * as Either from "effect/Either"
import { type Decoder, isText, isWritten, listOf, that } from "../decoding/decoder.ts"
import { integer } from "../decoding/json.ts"
import { mapOf } from "../decoding/object.ts"
import { isKeyId, type KeyId } from "../key.ts"
import { isSecretName, type SecretName } from "../names.ts"
import { portOf } from "../tako-toml/decode.ts"
import { type AppName, isAppName } from "./app-name.ts"

export { command, listen } from "../tako-toml/decode.ts"

const isString = (value: unknown): value is string => typeof value === "string"

export const flag = that((value): value is boolean => typeof value === "boolean", "true or false")

/** Any text; of whoever it is, it is for a machine, or goes through `printable` before people see it. */
export const text = that(isString, "a text")

export const appName = that(
  (value): value is AppName => isString(value) && isAppName(value),
  'an app and its environment, as in "shop/production"'
)

/** The number of a release, of an event, of a line. */
export const ordinal = integer(1, Number.MAX_SAFE_INTEGER)

/** How many there are of something, or how many milliseconds. */
export const count = integer(0, Number.MAX_SAFE_INTEGER)

export const keyId = that(
  (value): value is KeyId => isString(value) && isKeyId(value),
  "a key's id: 16 hex digits"
)

/** In the words of the client: who does it, which build it is. */
export const label = that(
  (value): value is string => isWritten(value) && value.length <= 256,
  "a text of 1 to 256 characters"
)

export const secretNames: Decoder<ReadonlyArray<SecretName>> = listOf(
  that((value): value is SecretName => isString(value) && isSecretName(value), "a secret's name"),
  "a list of secrets' names"
)

export const directory = that(
  (value): value is string => isText(value) && value.startsWith("/") && value.length <= 4096,
  "an absolute path"
)

/** As `[envs.X].instances` has it. */
export const instances = integer(1, 1000)

export const port = portOf(integer)

/** More than nothing, at most an hour. */
export const drainMillis = integer(1, 3_600_000)

const isVariableName = (key: string): key is string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) && !key.startsWith("TAKO_")

export const vars = mapOf(
  isVariableName,
  "a variable's name: A-Z, 0-9 and _, no digit first, and not TAKO_ before it",
  that(isText, "a text")
)

/** A moment: ISO 8601 in UTC with milliseconds, as Date.prototype.toISOString writes it. */
export const instant = that(
  (value): value is string => isString(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value),
  "a moment, as in 2026-01-31T12:00:00.000Z"
)

/** The member may stand for nothing. */
export const orNull =
  <A>(decoder: Decoder<A>): Decoder<A | null> =>
  (value, path) =>
    value === null ? Either.right(null) : decoder(value, path)
