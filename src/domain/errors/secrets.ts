import * as Data from "effect/Data"

/** The file has no secret of this name. Exit 1. */
export class SecretNotFound extends Data.TaggedError("SecretNotFound")<{
  readonly secret: string
  readonly environment: string
  /** The closest name that the file has. */
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

/** The environment lacks secrets that tako.toml requires. Exit 1. */
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

/** The file has no environment of this name. Exit 1. */
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

/** The key opens some values of the environment, but not these. Exit 4. */
export class SecretsDamaged extends Data.TaggedError("SecretsDamaged")<{
  readonly environment: string
  readonly secrets: ReadonlyArray<string>
  /** How many values the key does open. */
  readonly opened: number
}> {
  override get message(): string {
    return (
      `${this.secrets.join(", ")} in environment ${this.environment}: damaged, or sealed with another passphrase. ` +
      `The key opens the other ${this.opened}. Nothing was released or written.\n` +
      `See who changed it: git log -p -- .tako/secrets.json; to start over: tako secrets rm ${this.secrets[0]} --env ${this.environment}`
    )
  }
}

/** A value opens, but was sealed for another place. Exit 4. */
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
        "somebody moved or copied it in the file. Nothing was released or written.\n" +
        "See who: git log -p -- .tako/secrets.json; put the right value back: " +
        `tako secrets set ${this.secret} --env ${this.environment}`
      )
    }
    return (
      `${what} holds a value that was not sealed for this name: another tool wrote it, or it came from a name ` +
      "that no longer exists. Nothing was released or written.\n" +
      `If you know where it comes from, bind it: tako secrets adopt ${this.secret} --env ${this.environment}`
    )
  }
}

const refusals = {
  empty: "The value is empty. Pass --allow-empty to keep it.",
  "not-utf8":
    "The value is not UTF-8 text. Encode it first, for example: base64 FILE | tako secrets set NAME",
  "too-large":
    "The value is larger than 1 MiB. Keep such files elsewhere, encrypted under a key that tako holds.",
  "lone-surrogate":
    "The value contains half a character (a lone UTF-16 surrogate), which UTF-8 cannot encode.",
  lines:
    "More lines followed Enter, so nothing was stored. To set a value of several lines: tako secrets set NAME < FILE"
} as const

/** The value cannot be stored. Exit 2. */
export class ValueRefused extends Data.TaggedError("ValueRefused")<{
  readonly reason: "empty" | "not-utf8" | "too-large" | "lone-surrogate" | "lines"
}> {
  override get message(): string {
    return refusals[this.reason]
  }
}

/** The value needs no `adopt`, or its environment does not bind values. Exit 1. */
export class AdoptionRefused extends Data.TaggedError("AdoptionRefused")<{
  readonly environment: string
  readonly secret: string
  readonly reason: "already-bound" | "unmarked"
}> {
  override get message(): string {
    return this.reason === "already-bound"
      ? `${this.secret} in environment ${this.environment} is already bound to its name; there is nothing to adopt.`
      : `Environment ${this.environment} does not bind its values yet, so there is nothing to adopt.\n` +
          `Bind them all: tako secrets key rotate --env ${this.environment}`
  }
}
