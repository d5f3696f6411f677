import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { FileLocked } from "../../domain/errors/files.ts"
import * as Pins from "../../domain/pins.ts"
import { type Lock, whileLocked } from "../files/lock.ts"
import { checkFolder, makePrivateFolder, readPrivate, unchangeable } from "../files/private.ts"
import { replace } from "../files/replace.ts"
import { Home } from "../home/home.ts"
import { asUnavailable, unreadable } from "../home/unavailable.ts"
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
    const read = (path: string) => asUnavailable(readPins(data, path))

    const change = (path: string, make: (pins: Pins.Pins) => Pins.Pins): Effect.Effect<void, PinsError> =>
      asUnavailable(
        Effect.gen(function* () {
          yield* makePrivateFolder(data)
          yield* checkFolder(data, unchangeable)
          yield* whileLocked(path, (lock) => changeUnder(path, lock, make))
        })
      )

    const changeUnder = Effect.fnUntraced(function* (
      path: string,
      lock: Lock,
      make: (pins: Pins.Pins) => Pins.Pins
    ) {
      const pins = yield* readPins(data, path)
      const text = Pins.print(make(pins))
      if (text === Pins.print(pins)) return
      const stillLocked = Effect.filterOrFail(
        lock.isOurs,
        (ours) => ours,
        () => new FileLocked({ path })
      )
      yield* replace(path, Buffer.from(text), { _tag: "Exactly", mode: 0o600 }, Effect.asVoid(stillLocked))
    })

    return {
      of: (environment) => Effect.map(read(current), (pins) => Pins.of(pins, identity, environment)),
      pin: (environment, keys) => change(current, (pins) => Pins.pin(pins, identity, environment, keys)),
      unpin: (environment) => change(current, (pins) => Pins.pin(pins, identity, environment, [])),
      retired: (environment) =>
        Effect.map(read(rotated), (pins) => Pins.of(pins, identity, environment).map(({ id }) => id)),
      retire: (environment, ids) =>
        change(rotated, (pins) => Pins.pin(pins, identity, environment, ids.map(Pins.bound))),
      environmentsPinnedTo: (id) => Effect.map(read(current), (pins) => Pins.environmentsPinnedTo(pins, id))
    }
  })
)

const readPins = Effect.fnUntraced(function* (home: string, path: string) {
  if (!(yield* checkFolder(home, unchangeable))) return Pins.empty
  const bytes = yield* readPrivate(path, Pins.maxFileLength)
  if (Option.isNone(bytes)) return Pins.empty
  const pins = bytes.value.length > Pins.maxFileLength ? Option.none() : Pins.parse(bytes.value)
  return Option.isSome(pins) ? pins.value : yield* unreadable(path)
})
