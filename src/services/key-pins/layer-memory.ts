import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Pins from "../../domain/pins.ts"
import { Project } from "../project/project.ts"
import { KeyPins } from "./key-pins.ts"

/** The pins of a machine in memory, which several projects may share. */
export const layerMemoryOf = (
  machine: Ref.Ref<Pins.Pins>,
  rotated: Ref.Ref<Pins.Pins> = Ref.unsafeMake(Pins.empty)
): Layer.Layer<KeyPins, never, Project> =>
  Layer.effect(
    KeyPins,
    Effect.map(Project, ({ identity }) => ({
      retired: (environment) =>
        Effect.map(Ref.get(rotated), (pins) => Pins.of(pins, identity, environment).map(({ id }) => id)),
      retire: (environment, ids) =>
        Ref.update(rotated, (pins) => Pins.pin(pins, identity, environment, ids.map(Pins.bound))),
      of: (environment) => Effect.map(Ref.get(machine), (pins) => Pins.of(pins, identity, environment)),
      pin: (environment, keys) => Ref.update(machine, (pins) => Pins.pin(pins, identity, environment, keys)),
      unpin: (environment) => Ref.update(machine, (pins) => Pins.pin(pins, identity, environment, [])),
      environmentsPinnedTo: (id) =>
        Effect.map(Ref.get(machine), (pins) => Pins.environmentsPinnedTo(pins, id))
    }))
  )

/** The same on a machine of its own, without pins. */
export const layerMemory: Layer.Layer<KeyPins, never, Project> = Layer.suspend(() =>
  layerMemoryOf(Ref.unsafeMake(Pins.empty))
)
