import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClipboardUnavailable } from "../../domain/errors/processes.ts"
import { childEnvironment } from "../helper-program/child-environment.ts"
import { type Ended, findProgram, HelperFailed, run } from "../helper-program/helper-program.ts"
import { Clipboard } from "./clipboard.ts"

/** In ms: longer than any clipboard takes. A selection owner that hangs blocks `xclip -out` forever. */
const timeLimit = 5000

/** The clipboard for this environment (PATH, WAYLAND_DISPLAY, DISPLAY, WSL_DISTRO_NAME). */
export const layerFor = (platform: string, environment: Environment): Layer.Layer<Clipboard> =>
  Layer.sync(Clipboard, () => {
    const find = (name: string) => findProgram(name, environment.PATH ?? "")

    const runProgram = (
      [name, ...args]: Command,
      streams: { readonly stdin: Uint8Array } | { readonly outputLimit: number }
    ): Effect.Effect<Ended, HelperFailed> => {
      const program = find(name)
      return program === undefined
        ? new HelperFailed({ reason: "not-found" })
        : Effect.filterOrFail(
            run({ program, args, environment: childEnvironment(environment), timeLimit, ...streams }),
            ({ exitCode }) => exitCode === 0,
            () => new HelperFailed({ reason: "failed" })
          )
    }

    const copyWith = ({ copy }: ClipboardPrograms, text: string) =>
      Effect.asVoid(runProgram(copy, { stdin: encode(copy[0], text) }))

    /** False if it cannot be read. Text longer than any secret is not ours. */
    const holdsOther = ({ paste }: ClipboardPrograms, text: string) =>
      runProgram(paste, { outputLimit: 4 * 1024 * 1024 }).pipe(
        Effect.map(({ stdout }) => !isSame(stdout.toString("utf8"), text)),
        Effect.catchAll(({ reason }) => Effect.succeed(reason === "too-much-output"))
      )

    /** The first programs that work. */
    const withPrograms = (use: (programs: ClipboardPrograms) => Effect.Effect<void, unknown>) =>
      Effect.suspend(() => {
        const installed = programsFor(platform, environment).filter(({ copy }) => find(copy[0]) !== undefined)
        if (installed.length === 0) {
          return new ClipboardUnavailable({ reason: "no-program", tried: everyProgram(platform) })
        }
        return Effect.mapError(
          Effect.firstSuccessOf(installed.map(use)),
          () => new ClipboardUnavailable({ reason: "failed", tried: installed.map(({ copy }) => copy[0]) })
        )
      })

    return {
      copy: (text) => withPrograms((programs) => copyWith(programs, Redacted.value(text))),
      clear: (text) =>
        withPrograms((programs) =>
          Effect.flatMap(holdsOther(programs, Redacted.value(text)), (other) =>
            other ? Effect.void : copyWith(programs, "")
          )
        )
    }
  })

export const layer = Layer.suspend(() => layerFor(process.platform, process.env))

/** Some programs add a line break to what they print. */
const isSame = (one: string, other: string): boolean =>
  one.replace(/[\r\n]+$/, "") === other.replace(/[\r\n]+$/, "")

/** clip.exe reads UTF-16LE after a byte order mark, else the console's code page, in which ASCII is ASCII. */
const encode = (program: string, text: string): Uint8Array =>
  program === "clip.exe" && /[^\p{ASCII}]/u.test(text)
    ? Buffer.from(`\uFEFF${text}`, "utf16le")
    : Buffer.from(text)

export type Command = readonly [program: string, ...args: ReadonlyArray<string>]

/** A pair of programs for one clipboard: one takes the new text on stdin, the other prints the current text. */
interface ClipboardPrograms {
  readonly copy: Command
  readonly paste: Command
}

export type Environment = Readonly<Record<string, string | undefined>>

/** The candidates, the likeliest first; does not check which are installed. */
export const programsFor = (platform: string, environment: Environment): ReadonlyArray<ClipboardPrograms> => {
  if (platform === "darwin") return [macOS]
  const isSet = (name: string) => (environment[name] ?? "") !== ""
  return [
    ...(isSet("WAYLAND_DISPLAY") ? [wayland] : []),
    ...(isSet("DISPLAY") ? x11 : []),
    ...(isSet("WSL_DISTRO_NAME") || isSet("WSL_INTEROP") ? [windows] : [])
  ]
}

/** The programs to name when none is installed. */
const everyProgram = (platform: string): ReadonlyArray<string> =>
  platform === "darwin" ? ["pbcopy"] : ["wl-copy", "xclip", "xsel", "clip.exe"]

const macOS: ClipboardPrograms = { copy: ["pbcopy"], paste: ["pbpaste"] }

const wayland: ClipboardPrograms = {
  copy: ["wl-copy", "--type", "text/plain"],
  paste: ["wl-paste", "--no-newline"]
}

const x11: ReadonlyArray<ClipboardPrograms> = [
  {
    copy: ["xclip", "-selection", "clipboard", "-in"],
    paste: ["xclip", "-selection", "clipboard", "-out"]
  },
  { copy: ["xsel", "--clipboard", "--input"], paste: ["xsel", "--clipboard", "--output"] }
]

const windows: ClipboardPrograms = {
  copy: ["clip.exe"],
  paste: ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", "Get-Clipboard -Raw"]
}
