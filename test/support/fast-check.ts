import * as FastCheck from "effect/FastCheck"
import { seed } from "./random.ts"

FastCheck.configureGlobal({ seed })

export * from "effect/FastCheck"
