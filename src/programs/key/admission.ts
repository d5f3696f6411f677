import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { admissionToTrust, type Past, type Purpose } from "../../domain/admission.ts"
import { EnvironmentDowngraded, EnvironmentReplaced, EnvironmentUnbound } from "../../domain/errors/keys.ts"
import { Declined } from "../../domain/errors/user.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import * as Salt from "../../domain/salt.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import { parse } from "../../domain/secrets-file/parse.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { type Commit, History } from "../../services/history/history.ts"
import { KeyPins } from "../../services/key-pins/key-pins.ts"
import { allowedUnbound } from "../../services/key-source/allow-unbound.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { Terminal } from "../../services/terminal/terminal.ts"

/**
 * Lets an unmarked environment become one whose key is kept, or whose values are bound as they are, unless the pins or
 * git's history know it with a marked salt. Whoever joins it has to agree once, at the terminal or by TAKO_ALLOW_UNBOUND;
 * whoever binds it, only if the history is not known.
 */
export const admit = Effect.fn("key.admit")(function* (
  name: EnvironmentName,
  { salt }: Environment,
  purpose: Exclude<Purpose, "use">
) {
  const { keyIdOf, isMarked } = yield* Cipher
  if (isMarked(salt)) return
  const pins = yield* KeyPins
  const id = keyIdOf(salt)
  const known = yield* pins.of(name)
  const allowed = yield* allowedUnbound
  const { past, boundIn, unknownPast } = yield* pastOf(name)
  switch (admissionToTrust(purpose, { id, marked: false, pins: known, allowed: allowed.ids }, past)) {
    case "admitted":
      return
    case "replaced":
      return yield* new EnvironmentReplaced({
        environment: name,
        origins: yield* pins.environmentsPinnedTo(id)
      })
    case "downgraded":
      return yield* new EnvironmentDowngraded({
        environment: name,
        ...omitUndefined({ boundIn: Option.getOrUndefined(boundIn) })
      })
    case "unbound": {
      const terminal = yield* Terminal
      if (yield* terminal.isThere) return yield* askToAgree(name, purpose, unknownPast)
      return yield* new EnvironmentUnbound({
        environment: name,
        keyId: id,
        isPinned: known.length > 0,
        allowsOthers: allowed.isSet,
        ...omitUndefined({ unknownPast })
      })
    }
  }
})

const askToAgree = Effect.fnUntraced(function* (
  name: EnvironmentName,
  purpose: Exclude<Purpose, "use">,
  unknownPast: string | undefined
) {
  const terminal = yield* Terminal
  yield* terminal.show(
    `Environment ${name} does not bind its values to their names: anyone who can write to the repository can swap them unnoticed.`
  )
  if (unknownPast !== undefined) yield* terminal.show(unknownPast)
  const question = purpose === "rebind" ? "Bind its values as they are?" : "Use it as it is on this machine?"
  if (!(yield* terminal.confirm(question, { default: false }))) return yield* new Declined()
})

const unknownBecause = {
  shallow:
    "This clone is shallow, so tako could not look whether it was bound before. Get the rest first: git fetch --unshallow",
  failed: "git could not say whether it was bound before."
} as const

/** Whether the environment ever had a marked salt, and the last commit in which it had. */
export const pastOf = Effect.fn("key.pastOf")(function* (name: EnvironmentName) {
  const { isMarked } = yield* Cipher
  const { path } = yield* SecretsFile
  const { found, missing } = yield* (yield* History).versionsWith(path, '"salt"')
  const last = found.find(({ content }) => saltsIn(content, name).some(isMarked))
  if (last !== undefined)
    return { past: "bound", boundIn: Option.some(last.commit) } satisfies PastOf as PastOf
  return Option.match(missing, {
    onNone: (): PastOf => ({ past: "unbound", boundIn: Option.none() }),
    onSome: (why): PastOf => ({ past: "unknown", boundIn: Option.none(), unknownPast: unknownBecause[why] })
  })
})

export interface PastOf {
  readonly past: Past
  /** The last commit in which it had one. */
  readonly boundIn: Option.Option<Commit>
  /** Why it is unknown, for people. */
  readonly unknownPast?: string
}

/** The environment's salt in an old version of the file. One that does not parse may have any of its salts there. */
const saltsIn = (content: Uint8Array, name: EnvironmentName): ReadonlyArray<Salt.Salt> =>
  Either.match(parse(content), {
    onRight: (environments) => {
      const environment = environments.get(name)
      return environment === undefined ? [] : [environment.salt]
    },
    onLeft: () =>
      [...new TextDecoder().decode(content).matchAll(/[A-Za-z0-9+/]{22}==/g)].flatMap(([text]) =>
        Option.toArray(Salt.fromText(text))
      )
  })
