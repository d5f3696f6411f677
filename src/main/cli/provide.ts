import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { FileFailed } from "../../domain/errors/files.ts"
import type { Location } from "../../services/project/layer.ts"
import type { CommandTree } from "./command.ts"
import { Globals } from "./context.ts"

/** Gives a command, or all commands of a group, the services they need. The layer is built when one of them runs. */
export const provide = <R, E, S, LE, LR>(
  tree: CommandTree<R, E>,
  layer: Layer.Layer<S, LE, LR>
): CommandTree<Exclude<R, S> | LR, E | LE> => ({
  spec: tree.spec,
  commandAt: (below, endWith) => Command.provide(tree.commandAt(below, endWith), layer)
})

/** The same for services that depend on the project: that of --config, or of the current directory. */
export const provideForProject = <R, E, S, LE, LR>(
  tree: CommandTree<R, E>,
  layerAt: (location: Location) => Layer.Layer<S, LE, LR>
) => provide(tree, Layer.unwrapEffect(Effect.map(projectLocation, layerAt)))

const projectLocation: Effect.Effect<Location, FileFailed, Globals> = Effect.gen(function* () {
  const { config } = yield* Globals
  const directory = yield* Effect.try({
    try: () => process.cwd(),
    catch: () => new FileFailed({ operation: "read", path: "the current directory", code: "ENOENT" })
  })
  return Option.match(config, { onNone: () => ({ directory }), onSome: (config) => ({ directory, config }) })
})
