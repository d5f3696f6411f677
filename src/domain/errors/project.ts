import * as Data from "effect/Data"

/** tako.toml is invalid. Exit 1. */
export class ConfigInvalid extends Data.TaggedError("ConfigInvalid")<{
  readonly path: string
  /** What is wrong. Names tables and keys, never values. */
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
