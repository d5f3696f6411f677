import * as Fs from "node:fs"
import * as Path from "node:path"

/** The absolute path of a program; folders of the PATH that are relative are passed over: a repo can fill those. */
export const findProgram = (name: string, path: string): string | undefined =>
  path
    .split(Path.delimiter)
    .filter(Path.isAbsolute)
    .map((folder) => Path.join(folder, name))
    .find(isProgram)

const isProgram = (file: string): boolean => {
  try {
    Fs.accessSync(file, Fs.constants.X_OK)
    return Fs.statSync(file).isFile()
  } catch {
    return false
  }
}
