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
