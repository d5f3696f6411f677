import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { type Attempt, NoKeyFits } from "../../domain/errors/keys.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { Salt } from "../../domain/salt.ts"
import { Terminal } from "../terminal/terminal.ts"
import { derive } from "./attempts.ts"
import * as Questions from "./questions.ts"
import { failReplaced, recall, remember } from "./remembered.ts"
import * as Variables from "./variables.ts"

/** See KeySource: there is nothing to try a key on, so an explicit passphrase comes before the cache. */
export const establish = Effect.fn("KeySource.establish")(function* (
  name: EnvironmentName,
  salt: Salt,
  { isNew }: { readonly isNew: boolean }
) {
  const attempts: Array<Attempt> = []
  for (const { source, text } of yield* Variables.read("TAKO_PASSPHRASE")) {
    if (Redacted.isRedacted(text)) {
      const key = yield* derive(text, salt)
      return { key, remember: isNew ? remember(name, salt, key) : Effect.void }
    }
    attempts.push({ source, ...text })
  }
  if (!isNew) {
    const { pinned, key } = yield* recall(name, salt)
    if (pinned === "elsewhere") return yield* failReplaced(name, salt)
    if (pinned === "here" && Option.isSome(key)) return { key: key.value, remember: Effect.void }
    attempts.push({ source: "cache", outcome: "absent" })
  }
  const terminal = yield* Terminal
  if (!(yield* terminal.isThere)) {
    attempts.push({ source: "prompt", outcome: "no-terminal" })
    return yield* new NoKeyFits({
      environment: name,
      attempts,
      ...(isNew ? { wanted: "new-passphrase" } : {})
    })
  }
  const passphrase = yield* isNew
    ? Questions.newPassphrase(
        name,
        `Creating environment ${name}. Choose a passphrase; share it with your team once.`
      )
    : Questions.passphraseTwice(name)
  const key = yield* derive(passphrase, salt)
  return { key, remember: remember(name, salt, key) }
})
