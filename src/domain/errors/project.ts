import * as Schema from "effect/Schema"

/** tako.toml is not as it should be. Exit 1. */
export class ConfigInvalid extends Schema.TaggedError<ConfigInvalid>()("ConfigInvalid", {
  path: Schema.String,
  /** What is wrong, without quoting values: tables and keys only. */
  problem: Schema.String,
  line: Schema.optionalWith(Schema.Number, { exact: true }),
  suggestion: Schema.optionalWith(Schema.String, { exact: true })
}) {
  override get message(): string {
    const place = this.line === undefined ? this.path : `${this.path}:${this.line}`
    const hint = this.suggestion === undefined ? "" : `\nDid you mean ${this.suggestion}?`
    return `${place}: ${this.problem}.${hint}`
  }
}

/** No project here, and the command does not make one. Exit 1. */
export class ProjectNotFound extends Schema.TaggedError<ProjectNotFound>()("ProjectNotFound", {
  directory: Schema.String
}) {
  override get message(): string {
    return (
      `${this.directory} is not in a tako project (no tako.toml, .tako/secrets.json or git root upwards).\n` +
      "Make one: tako init"
    )
  }
}
