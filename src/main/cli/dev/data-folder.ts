import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type { EnvironmentName } from "../../../domain/names.ts"
import { attempt, unless } from "../../../services/files/attempt.ts"
import { Project } from "../../../services/project/project.ts"

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
