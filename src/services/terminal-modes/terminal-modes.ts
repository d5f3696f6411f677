import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/**
 * The modes of the controlling terminal (termios(3)): echo, lines or single keys, Ctrl-C. A program that
 * is killed leaves them as it set them.
 */
export class TerminalModes extends Context.Tag("tako/TerminalModes")<
  TerminalModes,
  {
    /**
     * Saves the modes and returns an Effect that restores them, keeping pending input. Neither fails: without
     * a terminal, or in the background, where it belongs to another job, they do nothing.
     */
    readonly save: Effect.Effect<Effect.Effect<void>>
  }
>() {}
