import * as Fs from "node:fs"
import * as Tty from "node:tty"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** The terminal with echo and line editing off. */
export interface RawTerminal {
  readonly input: Tty.ReadStream
  readonly write: (text: string) => void
  readonly columns: number
  /** Restores the original mode until {@link resume}; does nothing if called again. */
  readonly suspend: () => void
  readonly resume: () => void
}

/** The controlling terminal. Opening it succeeds only if the process has one (tty(4)). */
export const path = "/dev/tty"

/** The terminal to write to, and the stream that knows its width. */
export const terminalOutput = Effect.acquireRelease(
  Effect.sync(() => {
    const fd = Fs.openSync(path, "w")
    return { fd, stream: new Tty.WriteStream(fd) }
  }),
  ({ stream }) => Effect.sync(() => stream.destroy())
)

/**
 * Opens the terminal in raw mode, discards pending input, and restores everything on a new line when the scope closes or the
 * process exits. `paste` enables bracketed paste.
 */
export const rawTerminal = (paste: boolean): Effect.Effect<RawTerminal, never, Scope.Scope> =>
  Effect.gen(function* () {
    const output = yield* terminalOutput
    const input = yield* Effect.acquireRelease(
      Effect.sync(() => new Tty.ReadStream(Fs.openSync(path, "r"))),
      (stream) => Effect.sync(() => stream.destroy())
    )
    // A failing setRawMode and a hangup are emitted as events, which would throw without a listener.
    input.on("error", () => {})
    output.stream.on("error", () => {})
    const write = (text: string) => {
      Fs.writeSync(output.fd, text)
    }
    let raw = false
    const resume = () => {
      if (raw) return
      input.setRawMode(true)
      if (!input.isRaw) throw new Error("the terminal keeps its echo on")
      raw = true
      if (paste) write("\x1b[?2004h")
    }
    const suspend = () => {
      if (!raw) return
      raw = false
      try {
        write(paste ? "\x1b[?2004l\n" : "\n")
      } catch {
        // The terminal has hung up, so nobody can see it.
      }
      input.setRawMode(false)
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        process.once("exit", suspend)
        resume()
        discardTypedInput()
      }),
      () =>
        Effect.sync(() => {
          process.removeListener("exit", suspend)
          suspend()
        })
    )
    return { input, write, columns: output.stream.columns || 80, suspend, resume }
  })

const discardTypedInput = (): void => {
  const fd = Fs.openSync(path, Fs.constants.O_RDONLY | Fs.constants.O_NONBLOCK | Fs.constants.O_NOCTTY)
  try {
    while (Fs.readSync(fd, new Uint8Array(4096)) > 0);
  } catch {
    // EAGAIN: no more input.
  } finally {
    Fs.closeSync(fd)
  }
}

const fatalSignals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const

/**
 * While the scope is open, a signal that ends the process calls `first`, and then either ends the process or goes to
 * its other listeners. (Node restores the terminal for SIGINT and SIGTERM only, and leaves bracketed paste on.)
 */
export const beforeFatalSignal = (first: () => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => {
        const remove = () => {
          for (const name of fatalSignals) process.removeListener(name, onSignal)
        }
        const onSignal = (name: NodeJS.Signals) => {
          remove()
          first()
          if (process.listenerCount(name) === 0) process.kill(process.pid, name)
        }
        // Added before other listeners, because a `once` listener is gone when it is called.
        for (const name of fatalSignals) process.prependListener(name, onSignal)
        return remove
      }),
      (remove) => Effect.sync(remove)
    )
  )
