import * as Data from "effect/Data"

/** The command line is wrong; the message says what is right. Exit 2. */
export class Usage extends Data.TaggedError("Usage")<{
  readonly problem: string
  readonly hint?: string
}> {
  override get message(): string {
    return this.hint === undefined ? this.problem : `${this.problem}\n${this.hint}`
  }
}

/** A question has to be asked, but there is no terminal to ask it on. Exit 2. */
export class NoTerminal extends Data.TaggedError("NoTerminal")<{
  readonly question: string
  readonly instead: string
}> {
  override get message(): string {
    const problem = this.question.endsWith("?")
      ? `${this.question} There is no terminal to ask on.`
      : `${this.question}: there is no terminal to ask on.`
    return `${problem}\n${this.instead}`
  }
}

/** Ctrl-C or end of input at a prompt, or a signal. Exit 130. */
export class Interrupted extends Data.TaggedError("Interrupted") {
  override get message(): string {
    return "Interrupted. Nothing was changed."
  }
}

/** The user said no. Exit 1. */
export class Declined extends Data.TaggedError("Declined") {
  override get message(): string {
    return "Nothing was changed."
  }
}

/** The two entries at a hidden prompt differ. Exit 1. */
export class EntriesDiffer extends Data.TaggedError("EntriesDiffer") {
  override get message(): string {
    return "The two entries differ. Nothing was changed."
  }
}

/** An invalid name. It is not repeated, because it may be a value typed in the wrong place. Exit 2. */
export class InvalidName extends Data.TaggedError("InvalidName")<{
  readonly kind: "environment" | "secret"
  readonly suggestion?: string
}> {
  override get message(): string {
    const rule =
      this.kind === "secret"
        ? "A secret's name has 1 to 128 characters of A-Z, 0-9 and _, and starts with a letter, as in DATABASE_URL."
        : "An environment's name has 1 to 63 characters of a-z, 0-9 and -, starts with a letter and does not end with -, as in production."
    return this.suggestion === undefined ? rule : `${rule}\nDid you mean ${this.suggestion}?`
  }
}
