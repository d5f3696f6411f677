import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { BaseAgent, ParsedKey, SignCallback, SigningRequestOptions } from "ssh2"
import type { Interrupted } from "../../../domain/errors/user.ts"
import type { Terminal } from "../../terminal/terminal.ts"
import { type KeyFile, unlock } from "./key-files.ts"
import type { Module } from "./session.ts"

/** All keys that one login may use. */
export interface KeyRing {
  /** ssh2 takes it for a single agent: it lists public keys, and signs with those that the host accepts. */
  readonly agent: BaseAgent
  /** How many keys it has listed. */
  readonly offered: () => number
}

/** A host accepted a key whose private part is encrypted, and waits for a signature by it. */
export interface UnlockRequest {
  readonly path: string
  readonly encrypted: string
  readonly reply: (key: ParsedKey | undefined) => void
}

/**
 * Lists keys in ssh's order: the agent's keys that the configuration names, the agent's others unless `identitiesOnly`, then
 * those of files. An encrypted key is unlocked only after the host has accepted it.
 */
export const keyRing = (
  { BaseAgent, createAgent, utils }: Module,
  files: ReadonlyArray<KeyFile>,
  options: {
    /** The path of the agent's socket. */
    readonly agent: string | undefined
    readonly identitiesOnly: boolean
    readonly requestUnlock: (request: UnlockRequest) => void
  }
): KeyRing => {
  const agent = options.agent === undefined ? undefined : createAgent(options.agent)
  let ofAgent: ReadonlyArray<ParsedKey> = []
  let offered = 0
  const isOf = (blob: Buffer) => (key: ParsedKey) => key.getPublicSSH().equals(blob)

  const ordered = (): ReadonlyArray<ParsedKey> => {
    const named = files.flatMap(({ blob }) => ofAgent.find(isOf(blob)) ?? [])
    const others = options.identitiesOnly ? [] : ofAgent.filter((key) => !named.includes(key))
    const inFiles = files
      .filter(({ blob, secret }) => secret !== undefined && !ofAgent.some(isOf(blob)))
      .map(({ blob }) => utils.parseKey(publicLine(blob)))
      .filter((key): key is ParsedKey => !(key instanceof Error))
    return [...named, ...others, ...inFiles]
  }

  class Ring extends BaseAgent<ParsedKey> {
    override getIdentities(callback: (error: Error | undefined, keys?: Array<ParsedKey>) => void): void {
      const offer = (keys: ReadonlyArray<ParsedKey>) => {
        ofAgent = keys
        const all = ordered()
        offered = all.length
        callback(undefined, [...all])
      }
      // Without an agent the files are still worth trying.
      if (agent === undefined) offer([])
      else agent.getIdentities((error, keys) => offer(error ? [] : ((keys ?? []) as Array<ParsedKey>)))
    }

    override sign(
      key: ParsedKey,
      data: Buffer,
      optionsOrCallback: SigningRequestOptions | SignCallback,
      maybeCallback?: SignCallback
    ): void {
      const callback = typeof optionsOrCallback === "function" ? optionsOrCallback : maybeCallback
      const request = typeof optionsOrCallback === "function" ? {} : optionsOrCallback
      if (callback === undefined) return
      const blob = key.getPublicSSH()
      const signWith = (secret: ParsedKey | undefined) => {
        const signature = secret?.sign(data, (request as { readonly hash?: string }).hash)
        if (signature === undefined || signature instanceof Error) callback(new Error("no signature"))
        else callback(undefined, signature)
      }
      const file = files.find((one) => one.blob.equals(blob))
      if (agent !== undefined && ofAgent.some(isOf(blob))) agent.sign(key, data, request, callback)
      else if (file?.secret === undefined) signWith(undefined)
      else if (!("encrypted" in file.secret)) signWith(file.secret)
      else {
        options.requestUnlock({ path: file.path, encrypted: file.secret.encrypted, reply: signWith })
      }
    }
  }

  return { agent: new Ring(), offered: () => offered }
}

const publicLine = (blob: Buffer): string => {
  const type = blob.toString("latin1", 4, 4 + blob.readUInt32BE(0))
  return `${type} ${blob.toString("base64")}`
}

/** Unlocks private keys. It asks for each passphrase once, even when many servers need the key at the same time. */
export interface KeyVault {
  /** None when there is nobody to ask for the passphrase, or it was wrong. */
  readonly open: (
    module: Module,
    path: string,
    encrypted: string
  ) => Effect.Effect<Option.Option<ParsedKey>, Interrupted>
}

const maxAttempts = 3

/** Takes the passphrase from TAKO_SSH_KEY_PASSPHRASE, or asks for it at the terminal. */
export const keyVault = (terminal: Terminal["Type"]): KeyVault => {
  const opened = new Map<string, Option.Option<ParsedKey>>()
  const oneAtATime = Effect.unsafeMakeSemaphore(1)

  // As with ssh, an empty passphrase gives up.
  const ask = (module: Module, path: string, encrypted: string, left: number): ReturnType<KeyVault["open"]> =>
    terminal
      .askHidden(`${left === maxAttempts ? "" : "Wrong passphrase. Try again. "}Passphrase for ${path}`)
      .pipe(
        Effect.map(Redacted.value),
        Effect.catchTag("ValueRefused", () => Effect.succeed("")),
        Effect.flatMap((typed) => {
          if (typed === "") return Effect.succeedNone
          const key = Option.fromNullable(unlock(module, encrypted, typed))
          return Option.isSome(key) || left === 1
            ? Effect.succeed(key)
            : ask(module, path, encrypted, left - 1)
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
      return (yield* terminal.isThere) ? yield* ask(module, path, encrypted, maxAttempts) : Option.none()
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
