import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/** The texts of our SDKs from which files are generated; loaded on demand. */
export class SdkSources extends Context.Tag("tako/SdkSources")<
  SdkSources,
  {
    /** One TypeScript module that imports nothing and exports loadSecrets. */
    readonly typescript: Effect.Effect<string>
    /** One Go file; its names stand between the lines `// tako:names begin` and `// tako:names end`. */
    readonly go: Effect.Effect<string>
  }
>() {}
