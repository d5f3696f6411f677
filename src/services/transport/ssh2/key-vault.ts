import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { ParsedKey } from "ssh2"
import type { Interrupted } from "../../../domain/errors/user.ts"
import type { Terminal } from "../../terminal/terminal.ts"
import { unlock } from "./key-files.ts"
import type { Module } from "./module.ts"

/** Unlocks private keys, and asks for each once, however many servers want it at the same time. */
export interface KeyVault {
  /** None when its passphrase is not to be had, or was wrong. */
  readonly open: (
    module: Module,
    path: string,
    encrypted: string
  ) => Effect.Effect<Option.Option<ParsedKey>, Interrupted>
}

const tries = 3

/** The passphrase is that of TAKO_SSH_KEY_PASSPHRASE, else the person's at the terminal. */
export const keyVault = (terminal: Terminal["Type"]): KeyVault => {
  const opened = new Map<string, Option.Option<ParsedKey>>()
  const oneAtATime = Effect.unsafeMakeSemaphore(1)

  // As with ssh, Enter alone gives up.
  const ask = (module: Module, path: string, encrypted: string, left: number): ReturnType<KeyVault["open"]> =>
    terminal.askHidden(`${left === tries ? "" : "That does not open it. "}Passphrase for ${path}`).pipe(
      Effect.map(Redacted.value),
      Effect.catchTag("ValueRefused", () => Effect.succeed("")),
      Effect.flatMap((typed) => {
        if (typed === "") return Effect.succeedNone
        const key = Option.fromNullable(unlock(module, encrypted, typed))
        return Option.isSome(key) || left === 1 ? Effect.succeed(key) : ask(module, path, encrypted, left - 1)
      })
    )

  const find = (module: Module, path: string, encrypted: string): ReturnType<KeyVault["open"]> =>
    Effect.gen(function* () {
      const variable = yield* Effect.orElseSucceed(
        Config.option(Config.redacted("TAKO_SSH_KEY_PASSPHRASE")),
        () => Option.none<Redacted.Redacted<string>>()
      )
      const byVariable = Option.flatMap(variable, (passphrase) =>
        Option.fromNullable(unlock(module, encrypted, Redacted.value(passphrase)))
      )
      if (Option.isSome(byVariable)) return byVariable
      return (yield* terminal.isThere) ? yield* ask(module, path, encrypted, tries) : Option.none()
    })

  return {
    open: (module, path, encrypted) =>
      oneAtATime.withPermits(1)(
        Effect.suspend(() => {
          const known = opened.get(path)
          if (known !== undefined) return Effect.succeed(known)
          return Effect.tap(find(module, path, encrypted), (key) => Effect.sync(() => opened.set(path, key)))
        })
      )
  }
}
