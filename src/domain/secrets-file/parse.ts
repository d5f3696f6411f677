import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { SecretsFileDamaged } from "../errors/secrets-file.ts"
import { isEnvironmentName, isSecretName, type SecretName } from "../names.ts"
import { omitUndefined } from "../omit-undefined.ts"
import * as Salt from "../salt.ts"
import * as SealedValue from "../sealed-value.ts"
import * as StrictJson from "../strict-json.ts"
import { decodeUtf8 } from "../utf8.ts"
import type { Environment, Environments } from "./environments.ts"

/** The size limit of the file: 4 MiB. */
export const maxFileLength = 4 * 1024 * 1024

/** Parses the file, or says where it is invalid; errors name environments and secrets, never their values. */
export const parse = (bytes: Uint8Array): Either.Either<Environments, SecretsFileDamaged> =>
  Either.gen(function* () {
    if (bytes.length > maxFileLength) return yield* damaged("too-large")
    if (byteOrderMark.every((byte, at) => bytes[at] === byte)) return yield* damaged("byte-order-mark")
    const text = yield* Either.fromOption(
      decodeUtf8(bytes),
      () => new SecretsFileDamaged({ reason: "not-utf8" })
    )
    const json = StrictJson.parse(text)
    if ("fault" in json) {
      return yield* damaged(json.fault === "not-json" && conflict.test(text) ? "conflict" : json.fault)
    }
    const environments = new Map()
    const salts = new Map<Salt.Salt, string>()
    for (const [name, value] of yield* members(json.value)) {
      if (!isEnvironmentName(name)) return yield* damaged("environment-name")
      const environment = yield* parseEnvironment(name, value)
      const twin = salts.get(environment.salt)
      if (twin !== undefined) return yield* damaged("salt-twice", { environment: name, other: twin })
      salts.set(environment.salt, name)
      environments.set(name, environment)
    }
    return environments
  })

const byteOrderMark = [0xef, 0xbb, 0xbf]

/** The conflict markers that git leaves in a file. They cannot occur in a valid one. */
const conflict = /<{7} |>{7} /

const parseEnvironment = (name: string, value: unknown): Either.Either<Environment, SecretsFileDamaged> =>
  Either.gen(function* () {
    const { salt: saltText, secrets: sealedValues, ...unknownFields } = yield* object(value, name)
    const salt = typeof saltText === "string" ? Salt.fromText(saltText) : Option.none()
    if (Option.isNone(salt)) return yield* damaged("salt", { environment: name })
    const secrets = new Map<SecretName, SealedValue.SealedValue>()
    for (const [secret, text] of Object.entries(yield* object(sealedValues, name))) {
      if (!isSecretName(secret)) return yield* damaged("secret-name", { environment: name })
      const sealed = typeof text === "string" ? SealedValue.fromText(text) : Option.none()
      if (Option.isNone(sealed)) return yield* damaged("sealed-value", { environment: name, secret })
      secrets.set(secret, sealed.value)
    }
    return { salt: salt.value, secrets, unknownFields }
  })

const members = (value: unknown) => Either.map(object(value), Object.entries<unknown>)

const object = (
  value: unknown,
  environment?: string
): Either.Either<Record<string, unknown>, SecretsFileDamaged> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Either.right(value as Record<string, unknown>)
    : damaged("not-an-object", omitUndefined({ environment }))

const damaged = (
  reason: SecretsFileDamaged["reason"],
  where: { readonly environment?: string; readonly secret?: string; readonly other?: string } = {}
) => Either.left(new SecretsFileDamaged({ reason, ...where }))
