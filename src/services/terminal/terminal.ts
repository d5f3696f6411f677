import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { ValueRefused } from "../../domain/errors/secrets.ts"
import type { Interrupted } from "../../domain/errors/user.ts"

/**
 * Asks the person at the controlling terminal (/dev/tty), whatever stdin and stdout are. Ctrl-C and end of input fail
 * with Interrupted, with the terminal as it was before. Call only where `isThere` is true. A question is one line;
 * ": " is put after it unless it ends with "?" or ":". Control characters in it are not shown as such. What was typed
 * before a question is thrown away, as getpass(3) does it: it was not an answer.
 */
export class Terminal extends Context.Tag("tako/Terminal")<
  Terminal,
  {
    readonly isThere: Effect.Effect<boolean>
    /**
     * Reads without echo, a "*" a character. A bracketed paste is taken whole, line breaks included, as LF and less a
     * final one; lines that follow Enter unbracketed are refused (ValueRefused, reason "lines"; else "not-utf8" or
     * "too-large", over 1 MiB).
     */
    readonly askHidden: (
      question: string
    ) => Effect.Effect<Redacted.Redacted<string>, Interrupted | ValueRefused>
    readonly ask: (question: string) => Effect.Effect<string, Interrupted>
    /** "y" or "yes" is yes, "n" or "no" is no, Enter alone is the default; asked again until it is one of them. */
    readonly confirm: (
      question: string,
      options: { readonly default: boolean }
    ) => Effect.Effect<boolean, Interrupted>
    /** A numbered list; the number or the text itself is taken, asked again until it is one of them. */
    readonly choose: (question: string, choices: ReadonlyArray<string>) => Effect.Effect<string, Interrupted>
    /** A line for the person, on the terminal alone (a new passphrase): never in a redirected stderr. */
    readonly show: (line: string) => Effect.Effect<void>
  }
>() {}
