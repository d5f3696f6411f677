import * as Either from "effect/Either"
import * as StrictJson from "../secrets-file/strict-json.ts"

export type Fault = "not-text" | StrictJson.JsonFault

/** The JSON in a line, without its newline. */
export const parseLine = (line: Uint8Array): Either.Either<unknown, Fault> => {
  let text: string
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line)
  } catch {
    return Either.left("not-text")
  }
  const json = StrictJson.parse(text)
  return "fault" in json ? Either.left(json.fault) : Either.right(json.value)
}
