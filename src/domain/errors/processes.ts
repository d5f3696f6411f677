import * as Data from "effect/Data"
import { explain } from "./files.ts"

/** The program could not be started. Exit 127 when there is none of that name, else 126, as a shell has it. */
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
  /** Where it was to start, where that is not the current directory. */
  readonly directory?: string
}> {
  override get message(): string {
    switch (this.reason) {
      case "not-found":
        return `${this.command}: command not found`
      case "not-executable":
        return `${this.command}: ${explain(this.code)}`
      case "interpreter-missing":
        return `${this.command}: the interpreter that its first line names does not exist`
      case "directory-gone":
        return this.directory === undefined
          ? `${this.command} was not started: the current directory does not exist any more`
          : `${this.command} was not started: there is no directory ${this.directory}`
      case "pipe":
        return `${this.command} was not started: no pipe could be made for its secrets (${explain(this.code)})`
      case "failed":
        return this.code === "E2BIG"
          ? `${this.command} was not started: its arguments and environment are larger than the system allows (E2BIG)`
          : `${this.command} was not started: ${explain(this.code)}`
    }
  }
}

/** No program that reaches a clipboard, or it failed. Exit 1. */
export class ClipboardUnavailable extends Data.TaggedError("ClipboardUnavailable")<{
  readonly reason: "no-program" | "failed"
  readonly tried: ReadonlyArray<string>
}> {
  override get message(): string {
    return (
      (this.reason === "no-program"
        ? `There is no clipboard here (looked for ${this.tried.join(", ")}).`
        : `The clipboard could not be reached (${this.tried.join(", ")} failed).`) +
      "\nPrint it instead: add --stdout"
    )
  }
}
