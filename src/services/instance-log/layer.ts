import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import { attempt } from "../files/errno.ts"
import { InstanceLog } from "./instance-log.ts"
import { type Limits, LogWriter, readLines } from "./log-files.ts"
import { outputsTo } from "./output.ts"

export interface LogDirectory extends Partial<Limits> {
  /** An absolute path, created with mode 0700 if missing. */
  readonly directory: string
}

/** Writes JSON lines to files of each app, by default keeping five files of 8 MiB. */
export const layer = ({
  directory,
  fileLength = 8 * 1024 * 1024,
  files = 5
}: LogDirectory): Layer.Layer<InstanceLog> =>
  Layer.scoped(
    InstanceLog,
    Effect.gen(function* () {
      const writers = new Map<AppName, LogWriter>()
      const folderOf = (app: AppName) => {
        const { project, environment } = partsOf(app)
        return Path.join(directory, project, environment)
      }
      const writerOf = (app: AppName) => {
        const writer = writers.get(app) ?? new LogWriter(folderOf(app), { fileLength, files })
        writers.set(app, writer)
        return writer
      }
      const close = (app: AppName) => {
        writers.get(app)?.close()
        writers.delete(app)
      }
      yield* Effect.addFinalizer(() => Effect.sync(() => [...writers.keys()].forEach(close)))
      return {
        open: outputsTo((app, lines) => writerOf(app).append(lines)),
        read: (app, query) => attempt("read", folderOf(app), () => readLines(folderOf(app), app, query)),
        remove: (app) =>
          attempt("write", folderOf(app), () => {
            close(app)
            Fs.rmSync(folderOf(app), { recursive: true, force: true })
          })
      }
    })
  )
