import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { contract } from "../../../src/services/key-cache/contract.ts"
import { layer } from "../../../src/services/key-cache/layer.ts"
import { layerMemory } from "../../../src/services/key-cache/layer-memory.ts"
import { testContract } from "../../support/contract.ts"
import { temporaryFolder } from "../files/folder.ts"
import { homeIn } from "./home.ts"

const inFreshHome = Layer.unwrapEffect(
  Effect.map(temporaryFolder(), (folder) => Layer.provide(layer, homeIn(folder)))
)

testContract("KeyCache", contract, inFreshHome)
testContract("KeyCache in memory", contract, layerMemory)
