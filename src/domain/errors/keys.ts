import * as Data from "effect/Data"

/** A source that was tried for a key, and the result. */
export interface Attempt {
  readonly source: KeySourceName
  readonly outcome: keyof typeof outcomes
  /** Details of the outcome; never any content of the source. */
  readonly because?: string
}

export type KeySourceName = keyof typeof sources

const outcomes = {
  "opens-nothing": "opens none of its values",
  "not-a-key": "is not a key (the base64 of 32 bytes)",
  unreadable: "names a file that cannot be read",
  "out-of-reach": "cannot be read",
  empty: "is empty",
  absent: "has no key for it",
  "no-terminal": "is not possible without a terminal"
} as const

const sources = {
  TAKO_KEY: "TAKO_KEY",
  TAKO_KEY_FILE: "TAKO_KEY_FILE",
  cache: "this machine's key cache",
  TAKO_PASSPHRASE: "TAKO_PASSPHRASE",
  TAKO_PASSPHRASE_FILE: "TAKO_PASSPHRASE_FILE",
  prompt: "a prompt"
} as const

/** "TAKO_PASSPHRASE opens none of its values". */
export const describeAttempt = ({ source, outcome, because }: Attempt): string =>
  `${sources[source]} ${outcomes[outcome]}${because === undefined ? "" : `: ${because}`}`

/** No source has a key that opens at least one value of the environment. Exit 3. */
export class NoKeyFits extends Data.TaggedError("NoKeyFits")<{
  readonly environment: string
  readonly attempts: ReadonlyArray<Attempt>
  /** What was needed; "key" when absent. */
  readonly wanted?: "key" | "passphrase" | "new-passphrase"
}> {
  override get message(): string {
    const { environment, attempts, wanted = "key" } = this
    const tried = attempts.map((attempt) => `  ${describeAttempt(attempt)}`)
    const wrong = attempts.some(({ outcome }) => outcome === "opens-nothing")
    const what =
      wanted === "new-passphrase"
        ? `Environment ${environment} is new, and there is no passphrase for it.`
        : wrong
          ? `No key opens environment ${environment}: the key is wrong, its salt has changed, or its values are damaged.`
          : `There is no key for environment ${environment} here.`
    const isHomeUnreadable = attempts.some(({ outcome }) => outcome === "out-of-reach")
    const next = {
      key: isHomeUnreadable
        ? "Set TAKO_PASSPHRASE or TAKO_KEY, or point TAKO_HOME at a folder of yours that has the key."
        : `Join with the team's passphrase: tako secrets key derive --env ${environment} (in CI: TAKO_PASSPHRASE)`,
      passphrase: `Ask your team for the passphrase of ${environment}; type it on a terminal, or set TAKO_PASSPHRASE.`,
      "new-passphrase": "Choose one on a terminal, or set TAKO_PASSPHRASE."
    }[wanted]
    return [what, ...new Set(tried), next].join("\n")
  }
}

/** A key of this machine fits the environment but belongs to another project, and nobody has confirmed its use here. Exit 3. */
export class KeyNotTrusted extends Data.TaggedError("KeyNotTrusted")<{
  readonly environment: string
  /** The projects that use the key, each with its environment. */
  readonly origins: ReadonlyArray<string>
}> {
  override get message(): string {
    const from = this.origins.length === 0 ? "an unknown project" : this.origins.join(", ")
    return (
      `A cached key fits environment ${this.environment}, but it belongs to ${from}. ` +
      "Somebody may have pasted that project's secrets into this one, so tako does not use it without asking.\n" +
      `If this is the same project: tako secrets key trust --env ${this.environment}`
    )
  }
}

/** The environment in the file is not the one that this machine has been using. Exit 4. */
export class EnvironmentReplaced extends Data.TaggedError("EnvironmentReplaced")<{
  readonly environment: string
  readonly origins: ReadonlyArray<string>
}> {
  override get message(): string {
    const from = this.origins.length === 0 ? "" : ` It has the key of ${this.origins.join(", ")}.`
    return (
      `Environment ${this.environment} was replaced: this machine knows it under another key.${from} Nothing was opened.\n` +
      "See who changed it: git log -p -- .tako/secrets.json; if the key was rotated: " +
      `tako secrets key derive --env ${this.environment}`
    )
  }
}

/** The environment does not bind its values to their names, and nobody has agreed to that here. Exit 4. */
export class EnvironmentUnbound extends Data.TaggedError("EnvironmentUnbound")<{
  readonly environment: string
  readonly keyId: string
  /** Whether this machine has a pin for the environment. */
  readonly isPinned: boolean
  /** Whether --allow-unbound or TAKO_ALLOW_UNBOUND is set, to something else. */
  readonly allowsOthers: boolean
  /** Why git's history could not be asked whether the environment was bound before. */
  readonly unknownPast?: string
}> {
  override get message(): string {
    const { environment, keyId, isPinned, allowsOthers, unknownPast } = this
    return [
      `Environment ${environment} does not bind its values to their names: anyone who can write to the repository can swap ` +
        "them unnoticed, or put back a version from before they were bound. Nothing was opened.",
      ...(unknownPast === undefined ? [] : [unknownPast]),
      ...(allowsOthers ? ["--allow-unbound or TAKO_ALLOW_UNBOUND is set, but does not allow this one."] : []),
      "See where it comes from: git log -p -- .tako/secrets.json",
      `If it is from the original tako, bind it: tako secrets key rotate --env ${environment}`,
      isPinned
        ? `To use it as it is: tako secrets key derive --env ${environment} (without a terminal, add --allow-unbound ${keyId})`
        : `To use it as it is: tako secrets key derive --env ${environment}, which asks once; without a terminal, pass --allow-unbound ${keyId} or set TAKO_ALLOW_UNBOUND=${keyId}`
    ].join("\n")
  }
}

/** The environment bound its values to their names, and no longer does. Exit 4. */
export class EnvironmentDowngraded extends Data.TaggedError("EnvironmentDowngraded")<{
  readonly environment: string
  /** The last commit in which it was; absent if only this machine remembers it. */
  readonly boundIn?: {
    readonly hash: string
    readonly author: string
    readonly date: string
    readonly subject: string
  }
}> {
  override get message(): string {
    const { environment, boundIn } = this
    const what =
      `Environment ${environment} was bound before, and is not any more: somebody has put an old version of it back, whose ` +
      "values can be swapped unnoticed. Nothing was opened or changed."
    if (boundIn === undefined) {
      return (
        `${what}\nThis machine knows it under a key that binds its values.\n` +
        "See who changed it: git log -p -- .tako/secrets.json; then restore the version that was bound."
      )
    }
    const hash = boundIn.hash.slice(0, 12)
    return (
      `${what}\nIt was bound in ${hash}, ${boundIn.author}, ${boundIn.date}: ${boundIn.subject}\n` +
      `See what came after: git log -p ${hash}.. -- .tako/secrets.json; to put that version back: ` +
      `git restore --source ${hash} .tako/secrets.json`
    )
  }
}

/**
 * The keys that this machine keeps, or its pins, cannot be used. The layer writes the message, which never
 * contains any part of a key. Exit 1, or 3 when they are unsafe.
 */
export class KeyCacheUnavailable extends Data.TaggedError("KeyCacheUnavailable")<{
  /** "unsafe": others can read or change it, or it is not what tako writes. "failed": no access. */
  readonly reason: "unsafe" | "failed"
  /** For people: a path, "the login keychain". */
  readonly location: string
  /** Completes the location and a colon: "it is locked". */
  readonly because: string
  readonly message: string
}> {}

/** A given key does not open the environment, or there is no value to try it on. Exit 3. */
export class KeyRefused extends Data.TaggedError("KeyRefused")<{
  readonly environment: string
  readonly reason: "opens-nothing" | "not-a-key" | "nothing-to-open" | "nothing-to-rotate"
}> {
  override get message(): string {
    switch (this.reason) {
      case "not-a-key":
        return "That is not a key: a key is the base64 of 32 bytes, as tako secrets key export prints it."
      case "opens-nothing":
        return `That key opens no value of environment ${this.environment}: it belongs to another environment, or the salt has changed.`
      case "nothing-to-open":
        return (
          `Environment ${this.environment} has no values to try the key on.\n` +
          `Join with the passphrase instead: tako secrets key derive --env ${this.environment}`
        )
      case "nothing-to-rotate":
        return (
          `Environment ${this.environment} has no values to try the key on, or to reseal.\n` +
          `To change its passphrase, remove it from .tako/secrets.json; its first secret creates it again.`
        )
    }
  }
}

/** Key derivation is not possible on this machine. Exit 1. */
export class DerivationFailed extends Data.TaggedError("DerivationFailed")<{
  readonly reason: "out-of-memory" | "unavailable"
}> {
  override get message(): string {
    return this.reason === "out-of-memory"
      ? "Deriving the key needs 64 MiB of memory, and this machine has too little."
      : "Argon2id is not available: the installation is incomplete. Install tako again."
  }
}
