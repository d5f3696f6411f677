import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { ValueRefused } from "../../domain/errors/secrets.ts"

/** This process's standard streams: stdout is for data only, stderr for everything addressed to people. */
export class Stdio extends Context.Tag("tako/Stdio")<
  Stdio,
  {
    readonly stdinIsTerminal: boolean
    readonly stdoutIsTerminal: boolean
    readonly stderrIsTerminal: boolean
    /** All of stdin as UTF-8, a byte order mark included, at most 1 MiB and one newline. */
    readonly readStdin: Effect.Effect<Redacted.Redacted<string>, ValueRefused>
    /**
     * Writes exactly this to stdout; a reader that has gone away is not an error. If writing fails (a full disk), the
     * command ends with FileFailed as a defect.
     */
    readonly out: (text: string) => Effect.Effect<void>
    /** Writes a line to stderr. */
    readonly say: (line: string) => Effect.Effect<void>
  }
>() {}
