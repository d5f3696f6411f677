import * as Fs from "node:fs"
import { parseFile, stringsOf } from "../strace.ts"

/** Searches bytes that were found somewhere, but for the secrets that belong there. */
export type Look = (where: string, bytes: Buffer, allowed?: ReadonlyArray<string>) => void

// Whole strings, arguments and environments of what is started, and what file descriptors stand for.
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

/** Stands before a command that is to be traced into this file. */
export const traced = (trace: string): ReadonlyArray<string> => [...strace, "-o", trace]

/** Where secrets may be written, beside the pipe. */
export interface Allowed {
  /** What the trial starts; it may type a value as an argument. */
  readonly program: string
  /** What its stdout is for. */
  readonly prints?: ReadonlyArray<string> | undefined
  /** Of the server that the command is told to use: the values are sent to it as they are, and nothing else is. */
  readonly socket?: string | undefined
  /** An app, which says its secrets by itself, on its stdout and stderr: only what becomes of that is tako's. */
  readonly app?: string | undefined
}

/** Everything that was written, named and started; the trace is gone then. */
export const lookAtCalls = (trace: string, { program, prints, socket, app }: Allowed, look: Look): void => {
  const toServer = new Set<string>()
  const apps = new Set<string>()
  let isFirst = true
  for (const call of parseFile(trace)) {
    if (call.name === "execve") {
      if (!isFirst) for (const text of stringsOf(call.args)) look("what a child is started with", text)
      if (call.args.includes(program)) isFirst = false
      if (app !== undefined && call.args.includes(app)) apps.add(call.pid)
      continue
    }
    const [, fd = "", path = ""] = /^(\d+)<([^>]*)>/.exec(call.args) ?? []
    if (call.name === "connect" && socket !== undefined && call.args.includes(`sun_path="${socket}"`))
      toServer.add(path)
    // The one place that the values are for.
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
