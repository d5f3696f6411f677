import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { EnvironmentName } from "../../domain/names.ts"
import { development, dev as runDev } from "../../programs/dev/dev.ts"
import { attempt, unless } from "../../services/files/errno.ts"
import { Home } from "../../services/home/home.ts"
import { Project } from "../../services/project/project.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { Stdio } from "../../services/stdio/stdio.ts"
import { detachTerminal, exitLikeChild } from "./child-exit.ts"
import { argument, leaf } from "./command.ts"
import { allowUnboundFlag, Globals, Style } from "./context.ts"
import { noticeLines } from "./dev-notices.ts"
import { environmentFlag, givenEnvironment } from "./names.ts"

export const dev = leaf(
  "dev",
  {
    summary: "Run your program, and restart it when its secrets change",
    description:
      "Runs CMD, or the dev command of tako.toml, with the secrets of development on fd 3 and the variables of tako.toml. Restarts it when a secret, a variable or the command changes. If a change cannot be opened, tako says so and the program keeps running.\n\nA program that reports its port on fd 4 gets an address that stays the same across restarts.",
    example: "tako dev npm run dev",
    arguments: {
      command: argument.rest("CMD", { summary: "The program and its arguments", passThrough: true })
    },
    flags: { environment: environmentFlag, allowUnbound: allowUnboundFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const given = yield* givenEnvironment(input.environment)
      const environment = Option.getOrElse(given, () => development)
      const { err } = yield* Style
      const { say } = yield* Stdio
      const dataFolder = yield* dataFolderOf(environment)
      const exit = yield* runDev({
        environment,
        command: input.command,
        directory: process.cwd(),
        inherited: process.env,
        programsOf,
        dataFolder,
        makeDataFolder: makeDataFolder(dataFolder),
        watched: yield* watchedFiles,
        notify: (notice) => Effect.forEach(noticeLines(notice, err), say, { discard: true })
      })
      yield* detachTerminal
      return yield* exitLikeChild(exit)
    })
)

/** The secrets file, tako.toml, and every file that the key may come from. */
export const watchedFiles = Effect.gen(function* () {
  const { root } = yield* Project
  const { path } = yield* SecretsFile
  const { data } = yield* Home
  const { config } = yield* Globals
  const { TAKO_KEY_FILE, TAKO_PASSPHRASE_FILE } = process.env
  return [
    path,
    Option.match(config, {
      onNone: () => Path.join(root, "tako.toml"),
      onSome: (typed) => Path.resolve(typed)
    }),
    Path.join(data, "keys"),
    Path.join(data, "pins.json"),
    ...[TAKO_KEY_FILE, TAKO_PASSPHRASE_FILE]
      .filter((file) => file !== undefined)
      .map((file) => Path.resolve(file))
  ]
})

/**
 * The programs of npm packages, so that dev = ["vite"] finds what `npm run` finds: node_modules/.bin of the folder and of
 * those above it. As far as they are ours: anybody can leave one in /tmp.
 */
export const programsOf = (directory: string): ReadonlyArray<string> => {
  const folders: Array<string> = []
  for (let folder = directory; isOurs(folder); folder = Path.dirname(folder)) {
    const programs = Path.join(folder, "node_modules", ".bin")
    if (isOurs(programs)) folders.push(programs)
    if (Path.dirname(folder) === folder) break
  }
  return folders
}

/** A folder that we own, and into which nobody else may write. */
const isOurs = (folder: string): boolean => {
  try {
    const stats = Fs.statSync(folder)
    return stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o002) === 0
  } catch {
    return false
  }
}

/** What TAKO_DATA_DIR is: the program's own files, which outlive it. */
export const dataFolderOf = (environment: EnvironmentName) =>
  Effect.map(Project, ({ root }) => Path.join(root, ".tako", "data", environment))

/** Ours alone, and out of every commit, also where `init` has not been. */
export const makeDataFolder = (folder: string) =>
  Effect.asVoid(
    attempt("write", folder, () => {
      Fs.mkdirSync(Path.dirname(Path.dirname(folder)), { recursive: true })
      Fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
      unless(["EEXIST"], () =>
        Fs.writeFileSync(Path.join(Path.dirname(folder), ".gitignore"), "*\n", { flag: "wx" })
      )
    })
  )
