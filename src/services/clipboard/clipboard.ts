import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { ClipboardUnavailable } from "../../domain/errors/processes.ts"

/** The desktop's clipboard, accessed through a helper program; text is passed through a pipe, never as an argument. */
export class Clipboard extends Context.Tag("tako/Clipboard")<
  Clipboard,
  {
    readonly copy: (text: Redacted.Redacted<string>) => Effect.Effect<void, ClipboardUnavailable>
    /** Clears the clipboard if it still holds that text; anything copied since is left alone. */
    readonly clear: (text: Redacted.Redacted<string>) => Effect.Effect<void, ClipboardUnavailable>
  }
>() {}
