import type { Destination } from "../../domain/server-registry/destination.ts"
import { childEnvironment } from "../helper-program/child-environment.ts"
import { findProgram } from "../helper-program/helper-program.ts"

export interface SshProgram {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Used instead of the user's and the machine's configuration. */
  readonly configFile?: string
}

export interface SshCommand {
  readonly program: string
  readonly args: ReadonlyArray<string>
  readonly environment: Readonly<Record<string, string>>
}

/** The command line that runs the ssh on the PATH; undefined when there is none. */
export const sshCommand = (
  { variables, configFile }: SshProgram,
  options: ReadonlyArray<string>,
  { host, port, user }: Destination
): SshCommand | undefined => {
  const program = findProgram("ssh", variables.PATH ?? "")
  if (program === undefined) return undefined
  const args = [
    ...(configFile === undefined ? [] : ["-F", configFile]),
    ...options,
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...(user === undefined ? [] : ["-l", user]),
    "--",
    host
  ]
  // tako parses ssh's messages.
  return { program, args, environment: { ...childEnvironment(variables), LC_ALL: "C" } }
}
