import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { FileFailed } from "../../domain/errors/files.ts"
import { ConfigInvalid } from "../../domain/errors/project.ts"
import { projectNameOf } from "../../domain/tako-toml/tako-toml.ts"
import { decodeUtf8 } from "../../domain/utf8.ts"
import { attempt } from "../files/errno.ts"
import { configOf } from "./config.ts"
import * as Files from "./files.ts"
import { Project } from "./project.ts"
import { findRoot, identityOf, type Root } from "./root.ts"

export interface Location {
  /** An absolute path: where the command was started. */
  readonly directory: string
  /** The tako.toml to use, as typed; its folder is the project. */
  readonly config?: string
}

/** The project that the command was started in. */
export const layer = (location: Location): Layer.Layer<Project, ConfigInvalid | FileFailed> =>
  Layer.effect(
    Project,
    Effect.flatMap(real(location.directory), (start) =>
      location.config === undefined
        ? trustedRoot(start)
        : rootOfConfig(Path.resolve(start, location.config), true)
    ).pipe(Effect.map(make))
  )

/** The project that `init` creates: here, or in the folder of the given tako.toml; never further up. */
export const layerHere = (location: Location): Layer.Layer<Project, ConfigInvalid | FileFailed> =>
  Layer.effect(
    Project,
    Effect.flatMap(real(location.directory), (start) =>
      rootOfConfig(Path.resolve(start, location.config ?? "tako.toml"), false)
    ).pipe(Effect.map(make))
  )

const trustedRoot = (start: string): Effect.Effect<Root, ConfigInvalid> => {
  const root = findRoot(start)
  if (root.foreignOwner === undefined || root.marker === undefined) return Effect.succeed(root)
  const override =
    root.config === undefined ? "create a project of your own: tako init" : `pass --config ${root.config}`
  return new ConfigInvalid({
    path: root.marker,
    problem: `it belongs to another user (uid ${root.foreignOwner}), so tako does not use it by default; ${override}`
  })
}

const rootOfConfig = (config: string, mustExist: boolean): Effect.Effect<Root, ConfigInvalid | FileFailed> =>
  Effect.gen(function* () {
    if (!config.endsWith(".toml")) {
      return yield* new ConfigInvalid({
        path: config,
        problem: "--config takes a tako.toml, a file named *.toml"
      })
    }
    const stats = yield* stat(config)
    if (mustExist && !stats?.isFile()) {
      const problem = stats === undefined ? "there is no such file" : "it is not a file"
      return yield* new ConfigInvalid({ path: config, problem })
    }
    const directory = yield* real(Path.dirname(config))
    return { directory, config: Path.join(directory, Path.basename(config)) }
  })

const make = (root: Root): typeof Project.Service => {
  let identity: string | undefined
  const { directory, config = Path.join(directory, "tako.toml") } = root
  const name = projectNameOf(Path.basename(directory))
  return {
    root: directory,
    // Only needed for opening and writing values, so it is determined on first use.
    get identity() {
      identity ??= identityOf(directory)
      return identity
    },
    ...configOf(read(config), config, name),
    writeNew: (path, text) => Files.writeNew(directory, path, text),
    appendLines: (path, lines) => Files.appendLines(directory, path, lines)
  }
}

const read = Effect.fn("Project.config")(function* (path: string) {
  const stats = yield* stat(path)
  if (stats === undefined) return Option.none()
  if (!stats.isFile()) return yield* new ConfigInvalid({ path, problem: "it is not a file" })
  if (stats.size > maxSize) return yield* new ConfigInvalid({ path, problem: "it is larger than 1 MiB" })
  const bytes = yield* attempt("read", path, () => Fs.readFileSync(path))
  const text = decodeUtf8(bytes)
  return Option.isSome(text) ? text : yield* new ConfigInvalid({ path, problem: "it is not UTF-8" })
})

const maxSize = 1024 * 1024

const real = (directory: string) => attempt("read", directory, () => Fs.realpathSync(directory))

const stat = (path: string) => attempt("read", path, () => Fs.statSync(path, { throwIfNoEntry: false }))
