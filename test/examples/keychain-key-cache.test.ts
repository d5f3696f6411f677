import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { type Keychain, layerOf, macos, secretService } from "../../examples/keychain-key-cache.ts"
import type { KeyId } from "../../src/domain/key.ts"
import { contract } from "../../src/services/key-cache/contract.ts"
import { KeyCache } from "../../src/services/key-cache/key-cache.ts"
import { temporaryFolder } from "../services/files/folder.ts"
import { testContract } from "../support/contract.ts"

const standIn = Path.join(import.meta.dirname, "keychain.mjs")

/** Carries out the keychain's own command lines with a program that keeps the keys in a folder. */
const standingIn = (keychain: Keychain, folder: string): Keychain => {
  const through = (command: ReturnType<Keychain["find"]>) => ({
    ...command,
    command: [process.execPath, standIn, folder, ...command.command] as const
  })
  return {
    ...keychain,
    find: (id) => through(keychain.find(id)),
    keep: (id, key) => through(keychain.keep(id, key)),
    forget: (id) => through(keychain.forget(id))
  }
}

for (const [name, keychain] of [
  ["libsecret", secretService],
  ["macOS", macos]
] as const) {
  testContract(
    `KeyCache in the keychain of ${name}`,
    contract,
    Layer.unwrapEffect(Effect.map(temporaryFolder(), (folder) => layerOf(standingIn(keychain, folder))))
  )

  describe(`the keychain of ${name}`, () => {
    it.scopedLive("never passes a key as an argument", () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder()
        const id = "0123456789abcdef" as KeyId
        yield* Effect.gen(function* () {
          const cache = yield* KeyCache
          yield* cache.keep(id, Redacted.make(new Uint8Array(32).fill(0xca)))
          yield* cache.find(id)
          yield* cache.forget(id)
        }).pipe(Effect.provide(layerOf(standingIn(keychain, folder))))
        const commandLines = Fs.readFileSync(Path.join(folder, "command-lines"), "utf8")
        assert.include(commandLines, id)
        assert.notInclude(commandLines, "ysrKysrK")
      })
    )

    it.scopedLive("fails when it is locked or missing", () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder()
        Fs.writeFileSync(Path.join(folder, "locked"), "")
        const find = Effect.flatMap(KeyCache, (cache) => cache.find("0123456789abcdef" as KeyId))
        const locked = yield* Effect.flip(find).pipe(Effect.provide(layerOf(standingIn(keychain, folder))))
        assert.deepInclude(locked, { _tag: "KeyCacheUnavailable", reason: "failed" })
        assert.include(locked.message, "Unlock it")
        const elsewhere: Keychain = { ...keychain, find: () => ({ command: ["/nowhere/at-all"] }) }
        const absent = yield* Effect.flip(find).pipe(Effect.provide(layerOf(elsewhere)))
        assert.include(absent.message, "is not installed")
      })
    )
  })
}
