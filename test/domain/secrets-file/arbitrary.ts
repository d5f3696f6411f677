import type { EnvironmentName, SecretName } from "../../../src/domain/names.ts"
import * as Salt from "../../../src/domain/salt.ts"
import * as SealedValue from "../../../src/domain/sealed-value.ts"
import type { Environment, Environments } from "../../../src/domain/secrets-file/environments.ts"
import * as FastCheck from "../../support/fast-check.ts"

const environmentName = FastCheck.oneof(
  FastCheck.stringMatching(/^[a-z0-9-]{1,20}$/),
  FastCheck.constantFrom("constructor", "12", "7", "-", "prototype")
) as FastCheck.Arbitrary<EnvironmentName>

const secretName = FastCheck.oneof(
  FastCheck.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/),
  FastCheck.constant("A".repeat(200))
) as FastCheck.Arbitrary<SecretName>

const bytes = (minLength: number, maxLength: number) => FastCheck.uint8Array({ minLength, maxLength })

const sealed = FastCheck.record({ nonce: bytes(12, 12), ciphertext: bytes(0, 40), tag: bytes(16, 16) }).map(
  SealedValue.fromParts
)

/** Fields as JSON.parse returns them, including "__proto__". */
const unknownFields = FastCheck.dictionary(
  FastCheck.oneof(
    FastCheck.constantFrom("__proto__", "constructor", "1", "", "note"),
    FastCheck.string()
  ).filter((name) => name !== "salt" && name !== "secrets"),
  FastCheck.jsonValue(),
  { maxKeys: 3 }
).map((fields) => JSON.parse(JSON.stringify(fields)) as Record<string, unknown>)

const environment = FastCheck.record({
  secrets: FastCheck.array(FastCheck.tuple(secretName, sealed), { maxLength: 5 }).map((all) => new Map(all)),
  unknownFields
})

/** Any file that the strict parser accepts: no two environments share a salt. */
export const environments: FastCheck.Arbitrary<Environments> = FastCheck.array(
  FastCheck.tuple(environmentName, environment),
  { maxLength: 4 }
).map(
  (all) =>
    new Map(
      [...new Map(all)].map(([name, rest], i): [EnvironmentName, Environment] => [
        name,
        { ...rest, salt: Salt.fromBytes(new Uint8Array(16).fill(i)) }
      ])
    )
)
