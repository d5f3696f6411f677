import * as Fs from "node:fs"
import type { Lane } from "./lane.ts"

/** A system call as strace prints it. */
export interface Call {
  readonly pid: string
  readonly name: string
  readonly args: string
  readonly result: string
  /** Which of the calls of that name in its thread this is, from 1: strace's `when`. */
  readonly nth: number
}

/** Every Linux system call on x86-64 and arm64 that changes a file system (syscalls(2)), and openat, which may. */
export const changing = [
  "openat",
  "write",
  "writev",
  "pwrite64",
  "pwritev",
  "pwritev2",
  "sendfile",
  "copy_file_range",
  "fallocate",
  "fsync",
  "fdatasync",
  "sync_file_range",
  "syncfs",
  "truncate",
  "ftruncate",
  "renameat",
  "renameat2",
  "linkat",
  "symlinkat",
  "unlinkat",
  "mkdirat",
  "mknodat",
  "fchmod",
  "fchmodat",
  "fchown",
  "fchownat",
  "utimensat",
  "fsetxattr",
  "setxattr",
  // Not on arm64.
  ...(process.arch === "x64"
    ? [
        "open",
        "creat",
        "rename",
        "link",
        "symlink",
        "unlink",
        "rmdir",
        "mkdir",
        "mknod",
        "chmod",
        "chown",
        "lchown"
      ]
    : [])
]

/** Calls in the order in which they began; those interrupted by other threads' output are joined again. */
export const parse = (text: string): ReadonlyArray<Call> => {
  const calls: Array<{ pid: string; name: string; args: string; result: string; nth: number }> = []
  const counts = new Map<string, number>()
  const open = new Map<string, (typeof calls)[number]>()
  for (const line of text.split("\n")) {
    const [, pid = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? []
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest)
    if (resumed !== null) {
      const call = open.get(pid)
      if (call !== undefined) Object.assign(call, split(call.args + (resumed[2] ?? "")))
      open.delete(pid)
      continue
    }
    const [, name, body] = /^(\w+)\((.*)$/.exec(rest) ?? []
    if (name === undefined || body === undefined) continue
    const key = `${pid} ${name}`
    const nth = (counts.get(key) ?? 0) + 1
    counts.set(key, nth)
    const cut = body.endsWith(" <unfinished ...>")
    const call = { pid, name, nth, ...(cut ? { args: body.slice(0, -17), result: "?" } : split(body)) }
    calls.push(call)
    if (cut) open.set(pid, call)
  }
  return calls
}

const split = (body: string): { args: string; result: string } => {
  const at = body.lastIndexOf(") ")
  const equals = body.indexOf("= ", at)
  return at === -1 || equals === -1
    ? { args: body, result: "?" }
    : { args: body.slice(0, at), result: body.slice(equals + 2) }
}

export const parseFile = (path: string): ReadonlyArray<Call> => parse(Fs.readFileSync(path, "latin1"))

/** The bytes of a C string as strace prints it. */
export const unescape = (text: string): Buffer =>
  Buffer.from(
    text.replace(/\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/g, (_, code: string) => {
      if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8))
      if (code.length === 3 && code.startsWith("x"))
        return String.fromCharCode(Number.parseInt(code.slice(1), 16))
      return { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" }[code] ?? code
    }),
    "latin1"
  )

/** The quoted strings among the arguments. */
export const stringsOf = (args: string): ReadonlyArray<Buffer> =>
  [...args.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => unescape(text))

/** The paths in the lane that a call names or whose file descriptors it uses (-y), in order. */
export const pathsOf = ({ args }: Call, lane: Lane): ReadonlyArray<string> =>
  [...args.matchAll(/"((?:[^"\\]|\\.)*)"|\d+<([^>]*)>/g)]
    .map(([, quoted, behind]) => quoted ?? behind ?? "")
    .filter((path) => path.startsWith(`${lane.folder}/`))
    .map((path) => path.slice(lane.folder.length + 1))

/** A path without its random parts. */
export const generalised = (path: string): string =>
  path
    .replace(/\.[0-9a-f]{16}-\d+-\d+-\d+-[0-9A-Za-z]+\.tmp/g, ".(temporary)")
    .replace(/^(.*\/)?\.([^/]+)\.[0-9a-f]{8}\.tmp$/, "$1$2.(temporary)")
    .replace(/\.break-[0-9a-f]{16}/g, ".break-(token)")
    .replace(/keys\/[0-9a-f]{16}/g, "keys/(id)")
    .replace(/\.code\.\d+\.tmp$/, ".code.(temporary)")

/** What a call does, comparable between runs: "rename home/pins.json.(temporary) home/pins.json". */
export const describe = (call: Call, lane: Lane): string =>
  [call.name, ...pathsOf(call, lane).map(generalised)].join(" ")

/** Whether a call of a clean run is part of a write. */
export const isWriting = (call: Call, lane: Lane): boolean => {
  if (pathsOf(call, lane).length === 0) return false
  if (call.name !== "openat" && call.name !== "open") return true
  // A folder is opened without O_NONBLOCK to be synced; with it, by opendir(3), to be read.
  return /O_CREAT/.test(call.args) || (/O_DIRECTORY/.test(call.args) && !/O_NONBLOCK/.test(call.args))
}
