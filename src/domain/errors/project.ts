import * as Data from "effect/Data"

/** tako.toml is not as it should be. Exit 1. */
export class ConfigInvalid extends Data.TaggedError("ConfigInvalid")<{
  readonly path: string
  /** What is wrong, without quoting values: tables and keys only. */
  readonly problem: string
  readonly line?: number
  readonly suggestion?: string
}> {
  override get message(): string {
    const place = this.line === undefined ? this.path : `${this.path}:${this.line}`
    const hint = this.suggestion === undefined ? "" : `\nDid you mean ${this.suggestion}?`
    return `${place}: ${this.problem}.${hint}`
  }
}

/** No project here, and the command does not make one. Exit 1. */
export class ProjectNotFound extends Data.TaggedError("ProjectNotFound")<{
  readonly directory: string
}> {
  override get message(): string {
    return (
      `${this.directory} is not in a tako project (no tako.toml, .tako/secrets.json or git root upwards).\n` +
      "Make one: tako init"
    )
  }
}
