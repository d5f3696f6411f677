import * as Fs from "node:fs"
import * as Path from "node:path"
import { ProcessNotStarted } from "../../domain/errors/processes.ts"
import { codeOf } from "./pipe-pool.ts"
import type { ProcessSpec } from "./process-spawner.ts"

/** What execve(2)'s errno means for the person who typed the command. */
export const notStarted = (spec: ProcessSpec, error: unknown): ProcessNotStarted => {
  const [command] = spec.command
  const code = codeOf(error)
  return new ProcessNotStarted({ command, code, reason: reasonOf(spec, code) })
}

const reasonOf = (spec: ProcessSpec, code: string): ProcessNotStarted["reason"] => {
  switch (code) {
    case "ENOENT":
      if (!isDirectory(spec.directory ?? ".")) return "directory-gone"
      // Found, and yet ENOENT: the program that its first line names is not there.
      return find(spec) ? "interpreter-missing" : "not-found"
    case "EACCES":
    case "ENOEXEC":
    case "EISDIR":
      return "not-executable"
    case "ENOTDIR":
      return "not-found"
    default:
      return "failed"
  }
}

const find = ({ command: [command], environment, directory = "." }: ProcessSpec): boolean =>
  command.includes("/")
    ? Fs.existsSync(Path.resolve(directory, command))
    : (environment.PATH ?? "")
        .split(Path.delimiter)
        .some((folder) => folder !== "" && Fs.existsSync(Path.join(folder, command)))

const isDirectory = (path: string): boolean =>
  Fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
