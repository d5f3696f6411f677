import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { ValueRefused } from "../../domain/errors/secrets.ts"
import type { Interrupted } from "../../domain/errors/user.ts"

/**
 * Asks the person at the controlling terminal (/dev/tty), regardless of stdin and stdout. Ctrl-C and end of input fail
 * with Interrupted, with the terminal restored. Only call it if `isThere` is true. A question is one line;
 * ": " is added unless it ends with "?" or ":". Control characters in it are made visible. Input typed before
 * a question is discarded, as in getpass(3), because it was not an answer.
 */
export class Terminal extends Context.Tag("tako/Terminal")<
  Terminal,
  {
    readonly isThere: Effect.Effect<boolean>
    /**
     * Reads without echo, showing a "*" per character. A bracketed paste is read as a whole, with line breaks as LF and without
     * a final one. Further lines after Enter without brackets are refused (ValueRefused, reason "lines"; else "not-utf8" or
     * "too-large", over 1 MiB).
     */
    readonly askHidden: (
      question: string
    ) => Effect.Effect<Redacted.Redacted<string>, Interrupted | ValueRefused>
    readonly ask: (question: string) => Effect.Effect<string, Interrupted>
    /** "y" and "yes" mean yes, "n" and "no" mean no, Enter alone means the default; asks again after anything else. */
    readonly confirm: (
      question: string,
      options: { readonly default: boolean }
    ) => Effect.Effect<boolean, Interrupted>
    /** A numbered list. Accepts a number or the text of a choice, and asks again after anything else. */
    readonly choose: (question: string, choices: ReadonlyArray<string>) => Effect.Effect<string, Interrupted>
    /** Shows a line on the terminal only (a new passphrase), never in a redirected stderr. */
    readonly show: (line: string) => Effect.Effect<void>
  }
>() {}
