import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as StrictJson from "../strict-json.ts"
import { decodeUtf8 } from "../utf8.ts"

export type Fault = "not-text" | StrictJson.JsonFault

/** The JSON in a line, without its newline. */
export const parseLine = (line: Uint8Array): Either.Either<unknown, Fault> => {
  const text = decodeUtf8(line)
  if (Option.isNone(text)) return Either.left("not-text")
  const json = StrictJson.parse(text.value)
  return "fault" in json ? Either.left(json.fault) : Either.right(json.value)
}
