import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { ClipboardUnavailable } from "../../domain/errors/processes.ts"
import { Clipboard } from "./clipboard.ts"
import { findProgram } from "./find-program.ts"
import { type ClipboardPrograms, type Environment, everyProgram, programsFor } from "./programs.ts"
import { feed, print } from "./run.ts"

/** The clipboard as this environment (PATH, WAYLAND_DISPLAY, DISPLAY, WSL_DISTRO_NAME) reaches it. */
export const layerFor = (platform: string, environment: Environment): Layer.Layer<Clipboard> =>
  Layer.sync(Clipboard, () => {
    const find = (name: string) => findProgram(name, environment.PATH ?? "")

    const copyWith = ({ copy: [name, ...args] }: ClipboardPrograms, text: string) => {
      const program = find(name)
      return program === undefined
        ? Effect.fail("failed")
        : feed(program, args, environment, encode(name, text))
    }

    /** None when it cannot be read. */
    const pasteWith = ({ paste: [name, ...args] }: ClipboardPrograms) => {
      const program = find(name)
      return program === undefined
        ? Effect.succeedNone
        : Effect.option(
            Effect.map(print(program, args, environment), (bytes) => new TextDecoder().decode(bytes))
          )
    }

    /** The first programs that do it. */
    const withPrograms = (use: (programs: ClipboardPrograms) => Effect.Effect<void, unknown>) =>
      Effect.suspend(() => {
        const there = programsFor(platform, environment).filter(({ copy }) => find(copy[0]) !== undefined)
        if (there.length === 0) {
          return new ClipboardUnavailable({ reason: "no-program", tried: everyProgram(platform) })
        }
        return Effect.mapError(
          Effect.firstSuccessOf(there.map(use)),
          () => new ClipboardUnavailable({ reason: "failed", tried: there.map(({ copy }) => copy[0]) })
        )
      })

    return {
      copy: (text) => withPrograms((programs) => copyWith(programs, Redacted.value(text))),
      clear: (text) =>
        withPrograms((programs) =>
          Effect.flatMap(pasteWith(programs), (held) =>
            Option.isSome(held) && !isSame(held.value, Redacted.value(text))
              ? Effect.void
              : copyWith(programs, "")
          )
        )
    }
  })

export const layer = Layer.suspend(() => layerFor(process.platform, process.env))

/** Some of the programs that print a clipboard add a line break. */
const isSame = (one: string, other: string): boolean =>
  one.replace(/[\r\n]+$/, "") === other.replace(/[\r\n]+$/, "")

/** clip.exe takes UTF-16LE after a byte order mark, else the console's code page, with which ASCII is ASCII. */
const encode = (program: string, text: string): Uint8Array =>
  program === "clip.exe" && /[^\p{ASCII}]/u.test(text)
    ? Buffer.from(`\uFEFF${text}`, "utf16le")
    : Buffer.from(text)
