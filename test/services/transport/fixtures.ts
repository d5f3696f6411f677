import * as Redacted from "effect/Redacted"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { SecretName } from "../../../src/domain/names.ts"
import { encodeRequest } from "../../../src/domain/protocol/requests.ts"

export const app = AppName("shop/production")
export const canary = "c4nary-value"
export const secrets = new Map([[SecretName("KEY"), Redacted.make(canary)]])
export const list = encodeRequest({ command: "list" })
