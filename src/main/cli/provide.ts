import * as Command from "@effect/cli/Command"
import type * as Layer from "effect/Layer"
import type { CommandTree } from "./command.ts"

/** Gives a command, and all that are below it, what they need; built when one of them runs, and not for another. */
export const provide = <R, E, S, LE, LR>(
  tree: CommandTree<R, E>,
  layer: Layer.Layer<S, LE, LR>
): CommandTree<Exclude<R, S> | LR, E | LE> => ({
  spec: tree.spec,
  commandAt: (below) => Command.provide(tree.commandAt(below), layer)
})
