import * as Redacted from "effect/Redacted"
import * as SecretSet from "../secret-set.ts"
import * as Specification from "../specification.ts"
import type { Request } from "./requests.ts"

/** The request as one line, its newline included; there may be secrets in it. */
export const encodeRequest = (request: Request): Redacted.Redacted<string> => {
  if (request.command === "deploy") return Redacted.make(`${JSON.stringify(Specification.toJson(request))}\n`)
  if (request.command !== "update_secrets") return Redacted.make(`${JSON.stringify(request)}\n`)
  const { secrets, ...rest } = request
  const head = JSON.stringify(rest).slice(0, -1)
  return Redacted.make(`${head},"secrets":${Redacted.value(SecretSet.encode(secrets))}}\n`)
}
