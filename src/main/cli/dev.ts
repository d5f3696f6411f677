import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { dev as runDev } from "../../programs/dev/dev.ts"
import { development } from "../../programs/dev/environment.ts"
import { Stdio } from "../../services/stdio/stdio.ts"
import { leaf } from "./command.ts"
import { dataFolderOf, makeDataFolder } from "./dev/data-folder.ts"
import { programsOf } from "./dev/programs.ts"
import { watchedFiles } from "./dev/watched.ts"
import { words } from "./dev/words.ts"
import { endAs, letGoOfTerminal } from "./end-as.ts"
import { environmentFlag, givenEnvironment } from "./names.ts"
import { argument } from "./parameters.ts"
import { Style } from "./style.ts"

export const dev = leaf(
  "dev",
  {
    summary: "Run your program, and again whenever its secrets change",
    description:
      "Runs CMD, or what tako.toml has as dev, with the secrets of development on fd 3 and the variables of tako.toml. Starts it again when a secret, a variable or the command changes; a change that does not open keeps it running and is explained.\n\nA program that tells its port on fd 4 is given an address that stays the same.",
    example: "tako dev npm run dev",
    arguments: {
      command: argument.rest("CMD", { summary: "The program and its arguments", passThrough: true })
    },
    flags: { environment: environmentFlag }
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
        tell: (notice) => Effect.forEach(words(notice, err), say, { discard: true })
      })
      yield* letGoOfTerminal
      return yield* endAs(exit)
    })
)
