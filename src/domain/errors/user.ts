import * as Schema from "effect/Schema"

/** The command was typed wrong; says what is right. Exit 2. */
export class Usage extends Schema.TaggedError<Usage>()("Usage", {
  problem: Schema.String,
  hint: Schema.optionalWith(Schema.String, { exact: true })
}) {
  override get message(): string {
    return this.hint === undefined ? this.problem : `${this.problem}\n${this.hint}`
  }
}

/** A question has to be asked, and there is no terminal to ask it on. Exit 2. */
export class NoTerminal extends Schema.TaggedError<NoTerminal>()("NoTerminal", {
  question: Schema.String,
  instead: Schema.String
}) {
  override get message(): string {
    return `${this.question}: there is no terminal to ask on.\n${this.instead}`
  }
}

/** Ctrl-C or end of input at a question, or a signal. Exit 130. */
export class Interrupted extends Schema.TaggedError<Interrupted>()("Interrupted", {}) {
  override get message(): string {
    return "Interrupted. Nothing was changed."
  }
}

/** The user said no. Exit 1. */
export class Declined extends Schema.TaggedError<Declined>()("Declined", {}) {
  override get message(): string {
    return "Nothing was changed."
  }
}

/** The two entries of a hidden question differ. Exit 1. */
export class EntriesDiffer extends Schema.TaggedError<EntriesDiffer>()("EntriesDiffer", {}) {
  override get message(): string {
    return "The two entries differ. Nothing was changed."
  }
}

/** A name that cannot be given; the name itself is not repeated, it may be a value typed in the wrong place. Exit 2. */
export class InvalidName extends Schema.TaggedError<InvalidName>()("InvalidName", {
  kind: Schema.Literal("environment", "secret"),
  suggestion: Schema.optionalWith(Schema.String, { exact: true })
}) {
  override get message(): string {
    const rule =
      this.kind === "secret"
        ? "A secret's name is 1 to 128 of A-Z, 0-9 and _, a letter first, as in DATABASE_URL."
        : "An environment's name is 1 to 63 of a-z, 0-9 and -, a letter first and no - last, as in production."
    return this.suggestion === undefined ? rule : `${rule}\nDid you mean ${this.suggestion}?`
  }
}
