import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Effect from "effect/Effect"

/** A new empty folder, by its real path; removed with the scope. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => Fs.realpathSync(Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-project-")))),
  (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
)

/** Writes files, and the folders they are in, by their path below the folder; a path that ends in "/" is a folder. */
export const plant = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    const path = Path.join(folder, name)
    Fs.mkdirSync(name.endsWith("/") ? path : Path.dirname(path), { recursive: true })
    if (!name.endsWith("/")) Fs.writeFileSync(path, text)
  }
}
