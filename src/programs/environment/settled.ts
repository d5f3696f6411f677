import * as Effect from "effect/Effect"
import type { EnvironmentReplaced } from "../../domain/errors/keys.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { Environments } from "../../domain/secrets-file/environments.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"

/** Key rotations that may come in between before it is taken for what it says. */
const mostRotations = 3

/**
 * What `attempt` makes of the file. A file that was read before somebody on this machine rotated the key, and pins that
 * were read behind that, look as if the environment had been replaced; then its salt is another one by now, and the
 * file is read again.
 */
export const settled = Effect.fnUntraced(function* <A, E, R>(
  name: EnvironmentName,
  attempt: (environments: Environments) => Effect.Effect<A, E | EnvironmentReplaced, R>
) {
  const file = yield* SecretsFile
  const from = (
    environments: Environments,
    left: number
  ): Effect.Effect<A, Effect.Effect.Error<typeof file.read> | E | EnvironmentReplaced, R> =>
    Effect.catchIf(
      attempt(environments),
      (error): error is EnvironmentReplaced => isReplaced(error) && left > 0,
      (replaced) =>
        Effect.flatMap(file.read, (current) =>
          current.get(name)?.salt === environments.get(name)?.salt
            ? Effect.fail(replaced)
            : from(current, left - 1)
        )
    )
  return yield* from(yield* file.read, mostRotations)
})

const isReplaced = (error: unknown): error is EnvironmentReplaced =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "EnvironmentReplaced"
