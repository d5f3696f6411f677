import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { PathRefused } from "../../domain/errors/secrets-file.ts"
import { projectNameOf } from "../../domain/tako-toml/tako-toml.ts"
import { configOf } from "./config.ts"
import { withLines } from "./files.ts"
import { Project } from "./project.ts"

/** A project with these files, by their path from its root; writes change the map. */
export const layerMemory = (options?: {
  readonly root?: string
  readonly identity?: string
  readonly files?: Map<string, string>
}): Layer.Layer<Project> => {
  const { root = "/project", identity = root, files = new Map<string, string>() } = options ?? {}
  const pathWithin = (path: string): Effect.Effect<string, PathRefused> => {
    const within = Path.relative(root, Path.resolve(root, path))
    return within.startsWith("..")
      ? new PathRefused({ path, reason: "symlink-outside-project" })
      : Effect.succeed(within)
  }
  const path = Path.join(root, "tako.toml")
  const name = projectNameOf(Path.basename(root))
  const text = Effect.sync(() => Option.fromNullable(files.get("tako.toml")))
  return Layer.succeed(Project, {
    root,
    identity,
    ...configOf(text, path, name),
    writeNew: (path, text) =>
      Effect.map(pathWithin(path), (within) => {
        if (files.has(within)) return false
        files.set(within, text)
        return true
      }),
    appendLines: (path, lines) =>
      Effect.map(pathWithin(path), (within) => {
        const before = files.get(within) ?? ""
        const after = withLines(before, lines)
        files.set(within, after)
        return after !== before
      })
  })
}
