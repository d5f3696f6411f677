import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/** The texts of our SDKs that generated files are made of; loaded when they are asked for. */
export class SdkSources extends Context.Tag("tako/SdkSources")<
  SdkSources,
  {
    /** One TypeScript module that imports nothing and exports loadSecrets. */
    readonly typescript: Effect.Effect<string>
    /** One Go file, whose names stand between the lines `// tako:names begin` and `// tako:names end`. */
    readonly go: Effect.Effect<string>
  }
>() {}
