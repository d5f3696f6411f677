import * as Data from "effect/Data"
import { explain } from "./files.ts"

/** The program could not be started. Exit 127 if it does not exist, else 126, as in a shell. */
export class ProcessNotStarted extends Data.TaggedError("ProcessNotStarted")<{
  readonly command: string
  readonly reason:
    | "not-found"
    | "not-executable"
    | "interpreter-missing"
    | "directory-gone"
    | "pipe"
    | "failed"
  readonly code: string
  /** The working directory, unless it is the current one. */
  readonly directory?: string
}> {
  override get message(): string {
    switch (this.reason) {
      case "not-found":
        return `${this.command}: command not found`
      case "not-executable":
        return `${this.command}: ${explain(this.code)}`
      case "interpreter-missing":
        return `${this.command}: the interpreter in its first line does not exist`
      case "directory-gone":
        return this.directory === undefined
          ? `${this.command} was not started: the current directory no longer exists`
          : `${this.command} was not started: there is no directory ${this.directory}`
      case "pipe":
        return `${this.command} was not started: could not create the pipe for its secrets (${explain(this.code)})`
      case "failed":
        return this.code === "E2BIG"
          ? `${this.command} was not started: its arguments and environment exceed the system's limit (E2BIG)`
          : `${this.command} was not started: ${explain(this.code)}`
    }
  }
}

/** No clipboard program exists, or it failed. Exit 1. */
export class ClipboardUnavailable extends Data.TaggedError("ClipboardUnavailable")<{
  readonly reason: "no-program" | "failed"
  readonly tried: ReadonlyArray<string>
}> {
  override get message(): string {
    return (
      (this.reason === "no-program"
        ? `No clipboard program found (looked for ${this.tried.join(", ")}).`
        : `Could not reach the clipboard (${this.tried.join(", ")} failed).`) +
      "\nPrint it instead: add --stdout"
    )
  }
}
