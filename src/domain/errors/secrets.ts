import * as Data from "effect/Data"

/** A name that the file does not have. Exit 1. */
export class SecretNotFound extends Data.TaggedError("SecretNotFound")<{
  readonly secret: string
  readonly environment: string
  /** A name that is there and close to it. */
  readonly suggestion?: string
}> {
  override get message(): string {
    const hint =
      this.suggestion === undefined
        ? `Set it: tako secrets set ${this.secret} --env ${this.environment}`
        : `Did you mean ${this.suggestion}?`
    return `There is no secret ${this.secret} in environment ${this.environment}.\n${hint}`
  }
}

/** Names that tako.toml requires and an environment does not have. Exit 1. */
export class SecretsMissing extends Data.TaggedError("SecretsMissing")<{
  readonly environment: string
  readonly secrets: ReadonlyArray<string>
}> {
  override get message(): string {
    const { environment, secrets } = this
    const [what, set, name] =
      secrets.length === 1
        ? [`does not have ${secrets[0]}, which tako.toml requires`, "Set it", secrets[0]]
        : [
            `lacks ${secrets.length} secrets that tako.toml requires: ${secrets.join(", ")}`,
            "Set each",
            "NAME"
          ]
    return `Environment ${environment} ${what}. Nothing was started or sent.\n${set}: tako secrets set ${name} --env ${environment}`
  }
}

/** An environment that the file does not have. Exit 1. */
export class EnvironmentNotFound extends Data.TaggedError("EnvironmentNotFound")<{
  readonly environment: string
  readonly suggestion?: string
}> {
  override get message(): string {
    const hint =
      this.suggestion === undefined
        ? `The first secret creates it: tako secrets set NAME --env ${this.environment}`
        : `Did you mean ${this.suggestion}?`
    return `There is no environment ${this.environment}.\n${hint}`
  }
}

/** Values that the key does not open, in an environment of which it opens others. Exit 4. */
export class SecretsDamaged extends Data.TaggedError("SecretsDamaged")<{
  readonly environment: string
  readonly secrets: ReadonlyArray<string>
  /** How many values the key does open. */
  readonly opened: number
}> {
  override get message(): string {
    return (
      `${this.secrets.join(", ")} in environment ${this.environment}: damaged, or sealed with another passphrase. ` +
      `The key opens the other ${this.opened}. Nothing was handed out or written.\n` +
      `See who changed it: git log -p -- .tako/secrets.json; to start over: tako secrets rm ${this.secrets[0]} --env ${this.environment}`
    )
  }
}

/** A value that opens, but was not sealed for the place where it stands. Exit 4. */
export class SecretMisplaced extends Data.TaggedError("SecretMisplaced")<{
  readonly environment: string
  readonly secret: string
  readonly reason: "moved" | "unknown-origin"
  /** Where a moved value belongs. */
  readonly origin?: { readonly environment: string; readonly secret: string }
}> {
  override get message(): string {
    const what = `${this.secret} in environment ${this.environment}`
    if (this.origin !== undefined) {
      return (
        `${what} holds a value that was sealed for ${this.origin.secret} in environment ${this.origin.environment}: ` +
        "somebody moved or copied it in the file. Nothing was handed out or written.\n" +
        "See who: git log -p -- .tako/secrets.json; put the right value back: " +
        `tako secrets set ${this.secret} --env ${this.environment}`
      )
    }
    return (
      `${what} holds a value that was not sealed for this name: another tool wrote it, or it was moved here from a name ` +
      "that is gone. Nothing was handed out or written.\n" +
      `If you know where it comes from: tako secrets adopt ${this.secret} --env ${this.environment}`
    )
  }
}

const refusals = {
  empty: "The value is empty. If that is meant: --allow-empty",
  "not-utf8":
    "The value is not UTF-8 text. Encode it first, for example: base64 FILE | tako secrets set NAME",
  "too-large":
    "The value is larger than 1 MiB. Keep such files elsewhere, encrypted under a key that tako holds.",
  "lone-surrogate":
    "The value has half of a character in it (a lone UTF-16 surrogate) and cannot be kept as UTF-8.",
  lines:
    "More lines came after Enter. Nothing was kept; to set a value of several lines: tako secrets set NAME < FILE"
} as const

/** A value that is not taken. Exit 2. */
export class ValueRefused extends Data.TaggedError("ValueRefused")<{
  readonly reason: "empty" | "not-utf8" | "too-large" | "lone-surrogate" | "lines"
}> {
  override get message(): string {
    return refusals[this.reason]
  }
}

/** `adopt` was asked for a value that needs, or may have, none of it. Exit 1. */
export class AdoptionRefused extends Data.TaggedError("AdoptionRefused")<{
  readonly environment: string
  readonly secret: string
  readonly reason: "already-bound" | "unmarked"
}> {
  override get message(): string {
    return this.reason === "already-bound"
      ? `${this.secret} in environment ${this.environment} is where it belongs; there is nothing to adopt.`
      : `Environment ${this.environment} does not bind its values yet, so there is nothing to adopt.\n` +
          `Bind them all: tako secrets key rotate --same-passphrase --env ${this.environment}`
  }
}
