import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { contract } from "../../../src/services/project/contract.ts"
import { layer as real } from "../../../src/services/project/layer.ts"
import { layerMemory } from "../../../src/services/project/layer-memory.ts"
import { Project } from "../../../src/services/project/project.ts"
import { testContract } from "../../support/contract.ts"
import { temporaryFolder } from "./folder.ts"

const inTemporaryFolder = Layer.unwrapScoped(Effect.map(temporaryFolder, (directory) => real({ directory })))

testContract("Project", contract, inTemporaryFolder)
testContract(
  "Project in memory",
  contract,
  Layer.suspend(() => layerMemory())
)

layer(layerMemory({ identity: "/repo/.git:app", root: "/repo/app" }))("Project in memory", (it) => {
  it.effect("has the given root", () =>
    Effect.gen(function* () {
      const { identity, root } = yield* Project
      assert.deepStrictEqual([root, identity], ["/repo/app", "/repo/.git:app"])
    })
  )
})
