import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import { TerminalModes } from "./terminal-modes.ts"

/** The modes of a terminal in memory, as any word; "cooked" at first. */
export class TerminalModesControl extends Context.Tag("tako/TerminalModesControl")<
  TerminalModesControl,
  Ref.Ref<string>
>() {}

export const layerMemory: Layer.Layer<TerminalModes | TerminalModesControl> = Layer.effectContext(
  Effect.map(Ref.make("cooked"), (modes) =>
    Context.make(TerminalModes, {
      save: Effect.map(Ref.get(modes), (saved) => Ref.set(modes, saved))
    }).pipe(Context.add(TerminalModesControl, modes))
  )
)
