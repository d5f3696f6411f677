import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import { AppName } from "../../domain/app/app-name.ts"
import type { Contract } from "../contract.ts"
import { AppHome } from "./app-home.ts"

const apps = ["shop/production", "shop/staging", "blog/production", "shop/production"].map((name) =>
  AppName(name)
)

/** What every AppHome must do. */
export const contract: Contract<AppHome> = [
  {
    name: "gives each app a folder that is always the same",
    run: Effect.gen(function* () {
      const { of } = yield* AppHome
      const homes = yield* Effect.forEach(apps, of)
      const folders = homes.map(({ directory }) => directory)
      Assert.equal(new Set(folders).size, 3)
      Assert.equal(folders[0], folders[3])
    })
  },

  {
    name: "lists the homes that it gave, each once",
    run: Effect.gen(function* () {
      const { of, all } = yield* AppHome
      const homes = yield* Effect.forEach(apps.slice(0, 3), of)
      Assert.deepEqual(
        [...(yield* all)].sort((one, other) => (one.directory < other.directory ? -1 : 1)),
        homes.sort((one, other) => (one.directory < other.directory ? -1 : 1))
      )
    })
  }
]
