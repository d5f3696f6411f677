import * as Effect from "effect/Effect"
import { layerMemory } from "../../../src/services/secrets-file/layer-memory.ts"
import { temporaryFolder } from "../files/folder.ts"
import { contract, freshOf } from "./contract.ts"
import { provideIn } from "./project.ts"

contract("SecretsFile", (test) => Effect.flatMap(temporaryFolder(), (root) => provideIn(root)(test)))
contract("SecretsFile in memory", freshOf(layerMemory))
