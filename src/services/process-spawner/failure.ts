import * as Fs from "node:fs"
import * as Path from "node:path"
import { ProcessNotStarted } from "../../domain/errors/processes.ts"
import { codeOf } from "./pipe-pool.ts"
import type { ProcessSpec } from "./process-spawner.ts"

/** What execve(2)'s errno means for the person who typed the command. */
export const notStarted = (spec: ProcessSpec, error: unknown): ProcessNotStarted => {
  const [command] = spec.command
  // Node refuses to look for a program without a name, by an error of its own.
  if (command === "") return new ProcessNotStarted({ command: '""', code: "ENOENT", reason: "not-found" })
  const code = codeOf(error)
  const where = spec.directory === undefined ? {} : { directory: spec.directory }
  return new ProcessNotStarted({ command, code, reason: reasonOf(spec, code), ...where })
}

const reasonOf = (spec: ProcessSpec, code: string): ProcessNotStarted["reason"] => {
  switch (code) {
    case "ENOENT":
      if (!isDirectory(spec.directory ?? ".")) return "directory-gone"
      // Found, and yet ENOENT: the program that its first line names is not there.
      return isThere(spec) ? "interpreter-missing" : "not-found"
    case "EACCES":
    case "ENOEXEC":
    case "EISDIR":
      return "not-executable"
    case "ENOTDIR":
      // A path through a file is wrong in itself; a folder of PATH that is none has nothing in it.
      return spec.command[0].includes("/") ? "not-executable" : "not-found"
    default:
      return "failed"
  }
}

/** Whether there is a file of the program's name where it would be looked for. */
export const isThere = ({ command: [command], environment, directory = "." }: ProcessSpec): boolean =>
  command.includes("/")
    ? Fs.existsSync(Path.resolve(directory, command))
    : (environment.PATH ?? "")
        .split(Path.delimiter)
        .some((folder) => folder !== "" && Fs.existsSync(Path.join(folder, command)))

const isDirectory = (path: string): boolean =>
  Fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
