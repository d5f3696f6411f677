import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/files.ts"
import { ConfigInvalid } from "../../domain/errors/project.ts"
import { type ConfigToml, decode } from "../../domain/server-registry/config-toml.ts"
import { decodeUtf8, withoutByteOrderMark } from "../../domain/utf8.ts"
import { attempt, unless } from "../files/errno.ts"
import { decodeToml } from "../files/toml.ts"

/** A config.toml, parsed, with its text and its stats. */
export interface ConfigFile extends ConfigToml {
  readonly path: string
  readonly text: string
  /** Undefined when the file does not exist. */
  readonly stats: Fs.Stats | undefined
}

const maxSize = 1024 * 1024

/**
 * Reads a config.toml; without one, there are no servers. It says where secrets are sent, so it has to belong to this user or to
 * root, and nobody else may be able to write to it.
 */
export const readConfigFile = (path: string): Effect.Effect<ConfigFile, ConfigInvalid | FileFailed> =>
  Effect.gen(function* () {
    const opened = yield* attempt("read", path, () =>
      unless(["ENOENT"], () => Fs.openSync(path, Fs.constants.O_RDONLY | Fs.constants.O_NONBLOCK))
    )
    if (opened === undefined) return { path, text: "", stats: undefined, servers: [] }
    const { stats, bytes } = yield* attempt("read", path, () => {
      try {
        const stats = Fs.fstatSync(opened)
        return { stats, bytes: problemOf(stats, path) === undefined ? Fs.readFileSync(opened) : Buffer.of() }
      } finally {
        Fs.closeSync(opened)
      }
    })
    const problem = problemOf(stats, path)
    if (problem !== undefined) return yield* new ConfigInvalid({ path, problem })
    const text = yield* Effect.mapBoth(decodeUtf8(bytes), {
      onFailure: () => new ConfigInvalid({ path, problem: "it is not UTF-8" }),
      onSuccess: (text) => withoutByteOrderMark(text)
    })
    return { path, text, stats, ...(yield* readText(text, path)) }
  })

const problemOf = (stats: Fs.Stats, path: string): string | undefined => {
  if (!stats.isFile()) return "it is not a file"
  if (stats.uid !== process.geteuid?.() && stats.uid !== 0) return "it belongs to another user"
  if ((stats.mode & 0o022) !== 0)
    return `others can write to it, and it decides where secrets are sent. Fix it: chmod go-w ${path}`
  return stats.size > maxSize ? "it is larger than 1 MiB" : undefined
}

/** Parses the text of a config.toml. `path` is named in errors. */
export const readText = (text: string, path: string): Effect.Effect<ConfigToml, ConfigInvalid> =>
  text.trim() === "" ? Effect.succeed({ servers: [] }) : decodeToml(text, path, decode)
