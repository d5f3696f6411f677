import { layer } from "../../../src/main/sdk/layer.ts"
import { contract } from "../../../src/services/sdk-sources/contract.ts"
import { layerMemory } from "../../../src/services/sdk-sources/layer-memory.ts"
import { testContract } from "../../support/contract.ts"

testContract("SdkSources of this tako", contract, layer)
testContract("SdkSources in memory", contract, layerMemory)
