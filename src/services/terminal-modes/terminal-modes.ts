import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/**
 * How the controlling terminal takes keys and shows text (termios(3)): echo, lines or single keys, Ctrl-C. A program that
 * is killed leaves them as it had set them.
 */
export class TerminalModes extends Context.Tag("tako/TerminalModes")<
  TerminalModes,
  {
    /**
     * Notes them as they are, and gives what sets them so again, keys that nobody has read yet kept. Neither fails: without
     * a terminal, or in the background, where it is somebody else's, nothing is done.
     */
    readonly save: Effect.Effect<Effect.Effect<void>>
  }
>() {}
