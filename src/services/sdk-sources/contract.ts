import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import type { Contract } from "../contract.ts"
import { SdkSources } from "./sdk-sources.ts"

/** What every SdkSources must do for a file to be generated from its texts. */
export const contract: Contract<SdkSources> = [
  {
    name: "has a TypeScript module that imports nothing and exports loadSecrets",
    run: Effect.gen(function* () {
      const text = yield* (yield* SdkSources).typescript
      Assert.match(text, /^export function loadSecrets</m)
      Assert.doesNotMatch(text, /^import\b|\bimport\(|\brequire\(/m)
      Assert.ok(text.endsWith("\n"))
    })
  },

  {
    name: "has a Go file of package main with one place for the names",
    run: Effect.gen(function* () {
      const text = yield* (yield* SdkSources).go
      Assert.match(text, /^package main$/m)
      Assert.match(text, /^\/\/ tako:names begin\n(?:.*\n)*?\/\/ tako:names end$/m)
      Assert.equal(text.match(/^\/\/ tako:names/gm)?.length, 2)
    })
  }
]
