import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Attempt, KeyNotTrusted, NoKeyFits } from "../../domain/errors/keys.ts"
import { explain } from "../../domain/errors/secrets-file.ts"
import type { Key } from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import { Terminal } from "../terminal/terminal.ts"
import { tryKey, tryKeyVariables, tryPassphraseVariables, tryPrompt } from "./attempts.ts"
import * as Questions from "./questions.ts"
import { failReplaced, originsOf, recall, remember } from "./remembered.ts"

/** See KeySource: what was set for this process comes before what the file could choose among this machine's keys. */
export const unlock = Effect.fn("KeySource.unlock")(function* (
  name: EnvironmentName,
  environment: Environment,
  { ask }: { readonly ask: boolean }
) {
  const { salt } = environment
  const attempts: Array<Attempt> = []
  const given = yield* tryKeyVariables(environment, attempts)
  if (Option.isSome(given)) return given.value

  const { pinned, key: cached, failed } = yield* recallIfPossible(name, salt)
  if (failed !== undefined) {
    const because = `${failed.path}: ${explain(failed.code)}`
    attempts.push({ source: "cache", outcome: "out-of-reach", because })
  } else if (Option.isNone(cached)) attempts.push({ source: "cache", outcome: "absent" })
  if (Option.isSome(cached) && pinned === "here") {
    const unlocked = yield* tryKey("cache", cached.value, environment, attempts)
    if (Option.isSome(unlocked)) return unlocked.value
  }

  const known = yield* tryPassphraseVariables(environment, attempts)
  if (Option.isSome(known)) return known.value.unlocked
  // Without its pins nothing that is typed may be tried, and nothing could be kept.
  if (failed !== undefined) return yield* new NoKeyFits({ environment: name, attempts })

  if (pinned === "elsewhere") return yield* failReplaced(name, salt)
  if (Option.isSome(cached) && pinned === "nowhere") {
    yield* requireTrust(name, environment, ask)
    const unlocked = yield* tryKey("cache", cached.value, environment, attempts)
    if (Option.isSome(unlocked)) {
      yield* remember(name, salt, cached.value)
      return unlocked.value
    }
  }

  if (ask) {
    const typed = yield* tryPrompt(name, environment, attempts)
    if (Option.isSome(typed)) {
      yield* remember(name, salt, typed.value.unlocked.key)
      return typed.value.unlocked
    }
  }
  return yield* new NoKeyFits({ environment: name, attempts })
})

/** A home that is out of reach (sudo, a container's user) does no harm where a passphrase that fits was set. */
const recallIfPossible = (name: EnvironmentName, salt: Environment["salt"]) =>
  recall(name, salt).pipe(
    Effect.map((remembered) => ({ ...remembered, failed: undefined })),
    Effect.catchTag("FileFailed", (failed) =>
      Effect.succeed({ pinned: "nowhere", key: Option.none<Key>(), failed } as const)
    )
  )

const requireTrust = Effect.fnUntraced(function* (
  name: EnvironmentName,
  { salt }: Environment,
  ask: boolean
) {
  const terminal = yield* Terminal
  const origins = yield* originsOf(salt)
  const trusted = ask && (yield* terminal.isThere) && (yield* Questions.trust(name, origins))
  if (!trusted) return yield* new KeyNotTrusted({ environment: name, origins })
})
