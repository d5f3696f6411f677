import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Stdio } from "./stdio.ts"
import { stdinText } from "./value-text.ts"

/** The output so far. */
export class StdioTranscript extends Context.Tag("tako/StdioTranscript")<
  StdioTranscript,
  { readonly stdout: Effect.Effect<string>; readonly stderr: Effect.Effect<string> }
>() {}

/** Streams with this stdin, which are not terminals by default; StdioTranscript shows the output. */
export const layerMemory = (
  options: {
    readonly stdin?: string | Uint8Array
    readonly stdinIsTerminal?: boolean
    readonly stdoutIsTerminal?: boolean
    readonly stderrIsTerminal?: boolean
  } = {}
): Layer.Layer<Stdio | StdioTranscript> =>
  Layer.effectContext(
    Effect.sync(() => {
      const { stdin = "" } = options
      let unread = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin
      let stdout = ""
      let stderr = ""
      return Context.make(Stdio, {
        stdinIsTerminal: options.stdinIsTerminal ?? false,
        stdoutIsTerminal: options.stdoutIsTerminal ?? false,
        stderrIsTerminal: options.stderrIsTerminal ?? false,
        readStdin: Effect.suspend(() => {
          const read = unread
          unread = new Uint8Array(0)
          return stdinText(read)
        }),
        out: (text) =>
          Effect.sync(() => {
            stdout += text
          }),
        say: (line) =>
          Effect.sync(() => {
            stderr += `${line}\n`
          })
      }).pipe(
        Context.add(StdioTranscript, { stdout: Effect.sync(() => stdout), stderr: Effect.sync(() => stderr) })
      )
    })
  )
