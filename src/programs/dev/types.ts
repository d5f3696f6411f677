import * as Effect from "effect/Effect"
import { refreshTypes } from "../typegen.ts"
import type { Notice } from "./notice.ts"

/** Keeps generated files as they should be; that they cannot be written is no reason not to run the program. */
export const refreshQuietly = (tell: (notice: Notice) => Effect.Effect<void>) =>
  refreshTypes().pipe(
    Effect.flatMap(({ changed }) =>
      changed.length === 0 ? Effect.void : tell({ _tag: "TypesRefreshed", paths: changed })
    ),
    Effect.ignore
  )
