import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Environments } from "../../domain/secrets-file/environments.ts"
import * as Domain from "../../domain/secrets-file/environments.ts"
import { parse } from "../../domain/secrets-file/parse.ts"
import { print } from "../../domain/secrets-file/print.ts"
import { replacement } from "./replacement.ts"
import { SecretsFile } from "./secrets-file.ts"

/** A file in memory, read and written as strictly as a real one. */
export const layerMemoryOf = (initial: Environments): Layer.Layer<SecretsFile> =>
  Layer.sync(SecretsFile, () => {
    const path = ".tako/secrets.json"
    let bytes: Uint8Array = new TextEncoder().encode(print(initial))
    const read = Effect.suspend(() => parse(bytes))
    const oneWriter = Effect.unsafeMakeSemaphore(1)
    return {
      path,
      read,
      update: (change) =>
        Effect.gen(function* () {
          const current = yield* read
          const next = yield* change(current)
          const replacing = yield* replacement(path, current, next)
          if (Option.isSome(replacing)) bytes = replacing.value
          return next
        }).pipe(oneWriter.withPermits(1))
    }
  })

/** The same with an empty file. */
export const layerMemory: Layer.Layer<SecretsFile> = layerMemoryOf(Domain.empty)
