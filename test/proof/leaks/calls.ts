import * as Fs from "node:fs"
import { parseFile, stringsOf } from "../strace.ts"

/** Searches bytes that were found somewhere, except for the secrets that belong there. */
export type Look = (where: string, bytes: Buffer, allowed?: ReadonlyArray<string>) => void

// Prints strings in full, the arguments and environment of every exec, and the paths of file descriptors.
const strace = [
  "strace",
  "-f",
  "--seccomp-bpf",
  "-qq",
  "-y",
  "-v",
  "-s",
  "65535",
  "-e",
  "trace=execve,connect,write,writev,pwrite64,pwritev,sendto,sendmsg,rename,link,symlink,mkdir"
]

/** The words in front of a command that trace it into this file. */
export const traced = (trace: string): ReadonlyArray<string> => [...strace, "-o", trace]

/** Where secrets may be written, other than the pipe. */
export interface Allowed {
  /** The process that the trial starts; it may be given a value as an argument. */
  readonly program: string
  /** The secrets that its stdout may contain. */
  readonly prints?: ReadonlyArray<string> | undefined
  /** The socket of the server that the command is told to use, which is sent the values verbatim, and nothing else. */
  readonly socket?: string | undefined
  /** Apps that print their own secrets on stdout and stderr: tako is only responsible for what happens to that output. */
  readonly app?: string | undefined
}

/** Searches everything that was written, named and started, and deletes the trace. */
export const searchCalls = (trace: string, { program, prints, socket, app }: Allowed, look: Look): void => {
  const toServer = new Set<string>()
  const apps = new Set<string>()
  let isFirst = true
  for (const call of parseFile(trace)) {
    if (call.name === "execve") {
      if (!isFirst)
        for (const text of stringsOf(call.args)) look("the arguments or environment of a child", text)
      if (call.args.includes(program)) isFirst = false
      if (app !== undefined && call.args.includes(app)) apps.add(call.pid)
      continue
    }
    const [, fd = "", path = ""] = /^(\d+)<([^>]*)>/.exec(call.args) ?? []
    if (call.name === "connect" && socket !== undefined && call.args.includes(`sun_path="${socket}"`))
      toServer.add(path)
    // The one place where the values belong.
    if (path.includes("/tako-pipe-")) continue
    if (apps.has(call.pid) && (fd === "1" || fd === "2")) continue
    const allowed = path.includes("/home/keys/")
      ? ["the key"]
      : toServer.has(path)
        ? ["the value"]
        : fd === "1"
          ? prints
          : []
    for (const text of stringsOf(call.args)) look(`${call.name} to fd ${fd}`, text, allowed)
  }
  Fs.rmSync(trace, { force: true })
}
