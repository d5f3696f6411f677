import * as Fs from "node:fs"
import * as Path from "node:path"

const isExecutable = (path: string): boolean => {
  try {
    Fs.accessSync(path, Fs.constants.X_OK)
    return Fs.statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * Whether a program that a test needs is on the PATH. A test whose program is missing is skipped, except in CI, where
 * this throws.
 */
export const needs = (program: string): boolean => {
  const folders = (process.env.PATH ?? "").split(Path.delimiter).filter((folder) => folder !== "")
  const found = folders.some((folder) => isExecutable(Path.join(folder, program)))
  if (!found && process.env.CI)
    throw new Error(`this test needs ${program}, and in CI it must not be skipped`)
  return found
}
