import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { isKeyId, type KeyId } from "../../domain/key.ts"

/** The variable that `--allow-unbound` stands in for. */
export const variable = "TAKO_ALLOW_UNBOUND"

/** Key IDs, separated by commas; none for anything else. */
export const parseKeyIds = (text: string): Option.Option<ReadonlyArray<KeyId>> => {
  const ids = text.split(",").map((id) => id.trim())
  return ids.every(isKeyId) ? Option.some(ids) : Option.none()
}

/** Which environments may be used although their values are not bound to their names. */
export interface Allowed {
  readonly ids: ReadonlyArray<KeyId>
  /** Whether the variable says anything at all; a text that is no list of IDs allows nothing. */
  readonly isSet: boolean
}

export const allowedUnbound: Effect.Effect<Allowed> = Config.option(Config.nonEmptyString(variable)).pipe(
  Effect.orElseSucceed(() => Option.none<string>()),
  Effect.map((text) => ({
    ids: Option.getOrElse(Option.flatMap(text, parseKeyIds), (): ReadonlyArray<KeyId> => []),
    isSet: Option.isSome(text)
  }))
)
