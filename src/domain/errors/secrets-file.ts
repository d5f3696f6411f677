import * as Data from "effect/Data"

const faults = {
  "too-large": "it is larger than 4 MiB",
  "not-utf8": "it is not UTF-8",
  "byte-order-mark": "it starts with a byte order mark",
  conflict: "it contains a merge conflict",
  "not-json": "it is not JSON (is there a missing or an extra comma?)",
  "duplicate-key": "a key appears twice in one object (were two branches merged?)",
  "too-deep": "it is nested more than 64 levels deep",
  "number-too-large": "it has a number that is too large or too precise to be written back unchanged",
  "not-an-object": "it has another value where an object is expected",
  "environment-name": "an environment's name may only contain a-z, 0-9 and -",
  "secret-name": "a secret's name may only contain A-Z, 0-9 and _, and must start with a letter",
  salt: "its salt is not the base64 of 16 bytes",
  "salt-twice": "two environments have the same salt",
  "sealed-value": "its value is not the base64 of a nonce, a ciphertext of at most 1 MiB and a tag"
} as const

/** `.tako/secrets.json` violates its format. None of it was used, and nothing was changed. Exit 4. */
export class SecretsFileDamaged extends Data.TaggedError("SecretsFileDamaged")<{
  readonly reason: keyof typeof faults
  readonly environment?: string
  readonly secret?: string
  readonly other?: string
}> {
  override get message(): string {
    const where = [
      this.secret,
      this.environment === undefined ? undefined : `environment ${this.environment}`,
      this.other === undefined ? undefined : `also environment ${this.other}`
    ].filter((part) => part !== undefined)
    const place = where.length === 0 ? "" : ` (${where.join(", ")})`
    return `.tako/secrets.json is damaged${place}: ${faults[this.reason]}. Nothing was changed.\n${adviceFor(this.reason)}`
  }
}

const adviceFor = (reason: keyof typeof faults): string =>
  reason === "conflict" || reason === "duplicate-key"
    ? "In an editor, keep the lines of both sides, each name once, with a comma after every line but the last; where the salts " +
      "differ, keep the whole of one side. Then: tako secrets verify"
    : "See what changed it: git diff HEAD -- .tako/secrets.json; git log -p -- .tako/secrets.json"

/** The environment or the file was changed after we read it. Exit 1. */
export class SecretsFileChanged extends Data.TaggedError("SecretsFileChanged")<{
  /** The environment whose key changed; absent when an editor or git changed the file despite our lock. */
  readonly environment?: string
}> {
  override get message(): string {
    const what =
      this.environment === undefined
        ? ".tako/secrets.json was changed by another program in the meantime. "
        : `Environment ${this.environment} was changed by someone else in the meantime: it has a different key now. `
    return `${what}Nothing was written.\nRun the same command again.`
  }
}

/** A path that should be a file of the project is not a regular file in it. Exit 1. */
export class PathRefused extends Data.TaggedError("PathRefused")<{
  readonly path: string
  readonly reason: "symlink-outside-project" | "not-a-file"
}> {
  override get message(): string {
    return this.reason === "not-a-file"
      ? `${this.path} is not a regular file. Nothing was read or written.`
      : `${this.path} is a symbolic link that leads out of the project. Nothing was read or written.\nReplace the link with the file itself.`
  }
}
