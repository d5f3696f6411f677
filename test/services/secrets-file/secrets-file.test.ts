import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { contract } from "../../../src/services/secrets-file/contract.ts"
import { layerMemory } from "../../../src/services/secrets-file/layer-memory.ts"
import { testContract } from "../../support/contract.ts"
import { temporaryFolder } from "../files/folder.ts"
import { secretsFileIn } from "./project.ts"

testContract(
  "SecretsFile",
  contract,
  Layer.unwrapEffect(Effect.map(temporaryFolder(), (root) => secretsFileIn(root)))
)
testContract("SecretsFile in memory", contract, layerMemory)
