import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { FileLocked, type UnsafeFile } from "../../domain/errors/files.ts"
import { KeyCacheUnsafe } from "../../domain/errors/keys.ts"
import * as Pins from "../../domain/pins.ts"
import { whileLocked } from "../files/lock.ts"
import { checkFolder, makePrivateFolder, readPrivate, unchangeable } from "../files/private.ts"
import { replace } from "../files/replace.ts"
import { Home } from "../home/home.ts"
import { Project } from "../project/project.ts"
import { KeyPins, type PinsError } from "./key-pins.ts"

/** `$TAKO_HOME/pins.json` and `rotated.json`, as private as the keys, each changed under its lock. */
export const layer: Layer.Layer<KeyPins, never, Home | Project> = Layer.effect(
  KeyPins,
  Effect.gen(function* () {
    const { data } = yield* Home
    const { identity } = yield* Project
    const current = Path.join(data, "pins.json")
    const rotated = Path.join(data, "rotated.json")
    const read = (path: string) => readPins(data, path)

    const change = (path: string, make: (pins: Pins.Pins) => Pins.Pins): Effect.Effect<void, PinsError> =>
      makePrivateFolder(data).pipe(
        Effect.zipRight(homeIsThere(data)),
        Effect.zipRight(
          whileLocked(path, (lock) =>
            Effect.flatMap(read(path), (pins) => {
              const text = Pins.print(make(pins))
              if (text === Pins.print(pins)) return Effect.void
              const stillOurs = Effect.filterOrFail(
                lock.isOurs,
                (ours) => ours,
                () => new FileLocked({ path })
              )
              return replace(
                path,
                Buffer.from(text),
                { _tag: "Exactly", mode: 0o600 },
                Effect.asVoid(stillOurs)
              )
            })
          )
        )
      )

    return {
      of: (environment) => Effect.map(read(current), (pins) => Pins.of(pins, identity, environment)),
      pin: (environment, ids) => change(current, (pins) => Pins.pin(pins, identity, environment, ids)),
      unpin: (environment) => change(current, (pins) => Pins.pin(pins, identity, environment, [])),
      retired: (environment) => Effect.map(read(rotated), (pins) => Pins.of(pins, identity, environment)),
      retire: (environment, ids) => change(rotated, (pins) => Pins.pin(pins, identity, environment, ids)),
      originsOf: (id) => Effect.map(read(current), (pins) => Pins.placesOf(pins, id))
    }
  })
)

const unsafePins = ({ path, problem, directory }: UnsafeFile) =>
  new KeyCacheUnsafe({ path, problem, directory })

const homeIsThere = (home: string) =>
  Effect.catchTag(checkFolder(home, unchangeable), "UnsafeFile", unsafePins)

const readPins = (home: string, path: string): Effect.Effect<Pins.Pins, PinsError> =>
  Effect.gen(function* () {
    if (!(yield* homeIsThere(home))) return Pins.empty
    const bytes = yield* Effect.catchTag(readPrivate(path, Pins.maxFileLength), "UnsafeFile", unsafePins)
    if (Option.isNone(bytes)) return Pins.empty
    const pins = bytes.value.length > Pins.maxFileLength ? Option.none() : Pins.parse(bytes.value)
    if (Option.isSome(pins)) return pins.value
    return yield* new KeyCacheUnsafe({ path, problem: "content", directory: false })
  })
