import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { FileFailed } from "../../domain/errors/secrets-file.ts"
import type { Place } from "../../services/project/layer.ts"
import type { CommandTree } from "./command.ts"
import { Globals } from "./context.ts"

/** Gives a command, and all that are below it, what they need; built when one of them runs, and not for another. */
export const provide = <R, E, S, LE, LR>(
  tree: CommandTree<R, E>,
  layer: Layer.Layer<S, LE, LR>
): CommandTree<Exclude<R, S> | LR, E | LE> => ({
  spec: tree.spec,
  commandAt: (below) => Command.provide(tree.commandAt(below), layer)
})

/** Where the command was started, and the tako.toml that --config names. */
const place: Effect.Effect<Place, FileFailed, Globals> = Effect.gen(function* () {
  const { config } = yield* Globals
  const directory = yield* Effect.try({
    try: () => process.cwd(),
    catch: () => new FileFailed({ operation: "read", path: "the current directory", code: "ENOENT" })
  })
  return Option.match(config, { onNone: () => ({ directory }), onSome: (config) => ({ directory, config }) })
})

/** Layers of the place where the command was started. */
export const here = <A, E, R>(layers: (place: Place) => Layer.Layer<A, E, R>) =>
  Layer.unwrapEffect(Effect.map(place, layers))
