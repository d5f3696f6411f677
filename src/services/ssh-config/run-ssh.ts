import { type ChildProcess, spawn } from "node:child_process"
import type { Destination } from "../../domain/server-registry/destination.ts"
import { findProgram } from "../clipboard/find-program.ts"
import { childEnvironment } from "../process-spawner/process-spawner.ts"

export interface SshProgram {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** In place of the user's own ~/.ssh/config and of the machine's. */
  readonly configFile?: string
}

/** Starts the ssh of the PATH with these options for a destination; undefined when there is none. */
export const startSsh = (
  { variables, configFile }: SshProgram,
  options: ReadonlyArray<string>,
  { host, port, user }: Destination
): ChildProcess | undefined => {
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
  return spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    // In a session of its own, without a terminal: what it starts to get over other hosts would ask there.
    detached: true,
    // Its messages are read, so they have to be in one language.
    env: { ...childEnvironment(variables), LC_ALL: "C" }
  })
}
