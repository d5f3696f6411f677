import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { BaseAgent, ParsedKey, SignCallback, SigningRequestOptions } from "ssh2"
import type { Interrupted } from "../../../domain/errors/user.ts"
import type { Terminal } from "../../terminal/terminal.ts"
import { type KeyFile, unlock } from "./key-files.ts"
import type { Module } from "./session.ts"

/** A private key that a host wants a signature of, and whose passphrase is needed for it. */
export interface Question {
  readonly path: string
  readonly encrypted: string
  readonly answer: (key: ParsedKey | undefined) => void
}

export interface KeyRing {
  /** To ssh2 it is one agent: it offers public keys, and is asked for signatures by those that the host takes. */
  readonly agent: BaseAgent
  readonly offered: () => number
}

/**
 * All keys to log in with, in ssh's order: those of the agent that the configuration names, its others unless only those
 * are wanted, then those of files. A locked one is unlocked when the host has said that it takes it.
 */
export const keyRing = (
  { BaseAgent, createAgent, utils }: Module,
  files: ReadonlyArray<KeyFile>,
  options: {
    readonly agent: string | undefined
    readonly identitiesOnly: boolean
    readonly ask: (question: Question) => void
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
      // An agent that is not there is no reason not to try the files.
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
      const asked = typeof optionsOrCallback === "function" ? {} : optionsOrCallback
      if (callback === undefined) return
      const blob = key.getPublicSSH()
      const signWith = (secret: ParsedKey | undefined) => {
        const signature = secret?.sign(data, (asked as { readonly hash?: string }).hash)
        if (signature === undefined || signature instanceof Error) callback(new Error("no signature"))
        else callback(undefined, signature)
      }
      const file = files.find((one) => one.blob.equals(blob))
      if (agent !== undefined && ofAgent.some(isOf(blob))) agent.sign(key, data, asked, callback)
      else if (file?.secret === undefined) signWith(undefined)
      else if (!("encrypted" in file.secret)) signWith(file.secret)
      else options.ask({ path: file.path, encrypted: file.secret.encrypted, answer: signWith })
    }
  }

  return { agent: new Ring(), offered: () => offered }
}

const publicLine = (blob: Buffer): string => {
  const type = blob.toString("latin1", 4, 4 + blob.readUInt32BE(0))
  return `${type} ${blob.toString("base64")}`
}

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
