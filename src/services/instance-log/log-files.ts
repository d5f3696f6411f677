import * as Fs from "node:fs"
import * as Path from "node:path"
import type { AppName } from "../../domain/app/app-name.ts"
import type { LogLine, LogsReply } from "../../domain/protocol/replies.ts"
import { quietly, unless } from "../files/errno.ts"
import type { LogQuery } from "./instance-log.ts"

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = Fs.constants

/** The numbers of an app's log files, oldest first. */
export const generations = (folder: string): ReadonlyArray<number> =>
  (unless(["ENOENT", "ENOTDIR"], () => Fs.readdirSync(folder)) ?? [])
    .flatMap((name) => /^output\.([1-9]\d{0,14})\.jsonl$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)

export const pathOf = (folder: string, generation: number): string =>
  Path.join(folder, `output.${generation}.jsonl`)

export interface Limits {
  /** In bytes. The last write may exceed it. */
  readonly fileLength: number
  /** The number of files to keep. */
  readonly files: number
}

/** Appends to an app's newest log file, and starts a new one when that is full. */
export class LogWriter {
  private fd: number | undefined
  private generation = 0
  private size = 0
  private isCut = false
  private readonly folder: string
  private readonly limits: Limits

  constructor(folder: string, limits: Limits) {
    this.folder = folder
    this.limits = limits
  }

  /** Output that cannot be written is lost: a full disk must not stop the app. */
  append(lines: ReadonlyArray<LogLine>): void {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("")
    quietly(() => {
      const fd = this.file()
      const bytes = Buffer.from(`${this.isCut ? "\n" : ""}${text}`)
      this.isCut = true
      const written = Fs.writeSync(fd, bytes)
      this.isCut = written < bytes.length
      this.size += written
    })
  }

  close(): void {
    const { fd } = this
    this.fd = undefined
    if (fd !== undefined) quietly(() => Fs.closeSync(fd))
  }

  private file(): number {
    if (this.fd !== undefined && this.size >= this.limits.fileLength) {
      this.close()
      this.generation++
      return this.open()
    }
    if (this.fd !== undefined) return this.fd
    Fs.mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    this.generation = generations(this.folder).at(-1) ?? 1
    return this.open()
  }

  private open(): number {
    const fd = Fs.openSync(
      pathOf(this.folder, this.generation),
      O_APPEND | O_CREAT | O_RDWR | O_NOFOLLOW,
      0o600
    )
    this.fd = fd
    this.size = Fs.fstatSync(fd).size
    const end = Buffer.alloc(1)
    this.isCut = this.size > 0 && Fs.readSync(fd, end, 0, 1, this.size - 1) === 1 && end[0] !== 0x0a
    for (const old of generations(this.folder).slice(0, -this.limits.files)) {
      quietly(() => Fs.unlinkSync(pathOf(this.folder, old)))
    }
    return fd
  }
}

/** A reply is one line of at most 16 MiB, of which this much may be log lines. */
const maxReplyLength = 12 * 1024 * 1024
/** How much is read at once. */
const chunkLength = 256 * 1024

export const readLines = (folder: string, app: AppName, query: LogQuery): LogsReply =>
  query.after === undefined ? latest(folder, app, query) : following(folder, app, query, query.after)

/** Reads backwards from the newest line, no further than needed. */
const latest = (folder: string, app: AppName, query: LogQuery): LogsReply => {
  const files = generations(folder)
  const found: Array<LogLine> = []
  let length = 0
  let next = `${files.at(-1) ?? 1}:0`
  for (const generation of files.toReversed()) {
    const end = unless(["ENOENT"], () =>
      eachLineBackwards(pathOf(folder, generation), (text) => {
        const line = wantedLine(text, query)
        if (line === undefined) return true
        length += text.length
        if (length > maxReplyLength) return false
        found.push(line)
        return found.length < query.lines
      })
    )
    if (end !== undefined && generation === files.at(-1)) next = `${generation}:${end}`
    if (found.length >= query.lines || length > maxReplyLength) break
  }
  return { app, lines: found.reverse(), next }
}

/** Reads forwards from a cursor. The next reply starts where this one is full. */
const following = (folder: string, app: AppName, query: LogQuery, after: string): LogsReply => {
  const files = generations(folder)
  const [fromFile, fromByte] = parseCursor(after, files)
  const found: Array<LogLine> = []
  let length = 0
  let isFull = false
  let next = `${files[0] ?? 1}:0`
  for (const generation of files.filter((each) => each >= fromFile)) {
    const end = unless(["ENOENT"], () =>
      eachLineForwards(pathOf(folder, generation), generation === fromFile ? fromByte : 0, (text) => {
        const line = wantedLine(text, query)
        if (line === undefined) return true
        length += text.length
        isFull = found.length >= query.lines || (found.length > 0 && length > maxReplyLength)
        if (!isFull) found.push(line)
        return !isFull
      })
    )
    if (end !== undefined) next = `${generation}:${end}`
    if (isFull) break
  }
  return { app, lines: found, next }
}

const wantedLine = (text: string, { instance }: LogQuery): LogLine | undefined => {
  const line = parse(text)
  return line !== undefined && (instance === undefined || line.instance === instance) ? line : undefined
}

/** Parses a cursor, "<file>:<byte>". If the file is gone, the cursor is the beginning. */
const parseCursor = (after: string, files: ReadonlyArray<number>): readonly [number, number] => {
  const [, file = "", byte = ""] = /^(\d{1,15}):(\d{1,15})$/.exec(after) ?? []
  return file === "" || !files.includes(Number(file)) ? [0, 0] : [Number(file), Number(byte)]
}

/** Visits whole lines until `onLine` returns false. Returns where the last accepted line ends. */
const eachLineForwards = (path: string, from: number, onLine: (text: string) => boolean): number => {
  const fd = Fs.openSync(path, "r")
  try {
    let at = from
    // The start of a line whose end has not been read yet.
    let rest: Uint8Array = new Uint8Array()
    for (;;) {
      const start = at + rest.length
      const more = readAt(fd, start, start + chunkLength)
      if (more.length === 0) return at
      const bytes = Buffer.concat([rest, more])
      let begin = 0
      for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, begin)) {
        if (!onLine(bytes.toString("utf8", begin, end))) return at
        at += end + 1 - begin
        begin = end + 1
      }
      rest = bytes.subarray(begin)
    }
  } finally {
    Fs.closeSync(fd)
  }
}

/** Visits whole lines from the last one, until `onLine` returns false. Returns where the last line ends. */
const eachLineBackwards = (path: string, onLine: (text: string) => boolean): number => {
  const fd = Fs.openSync(path, "r")
  try {
    const end = endOfLines(fd)
    let at = end
    // The end of a line whose start has not been read yet.
    let rest: Uint8Array = new Uint8Array()
    while (at > 0) {
      const start = Math.max(0, at - chunkLength)
      const bytes = Buffer.concat([readAt(fd, start, at), rest])
      at = start
      const first = at > 0 ? bytes.indexOf(newline) + 1 : 0
      rest = bytes.subarray(0, first)
      const lines = bytes.subarray(first).toString("utf8").split("\n").slice(0, -1)
      for (const line of lines.reverse()) if (!onLine(line)) return end
    }
    return end
  } finally {
    Fs.closeSync(fd)
  }
}

const newline = 0x0a

const endOfLines = (fd: number): number => {
  let at = Fs.fstatSync(fd).size
  while (at > 0) {
    const start = Math.max(0, at - chunkLength)
    const last = readAt(fd, start, at).lastIndexOf(newline)
    if (last >= 0) return start + last + 1
    at = start
  }
  return 0
}

const readAt = (fd: number, start: number, end: number): Buffer => {
  const bytes = Buffer.alloc(end - start)
  return bytes.subarray(0, Fs.readSync(fd, bytes, 0, bytes.length, start))
}

const parse = (text: string): LogLine | undefined => {
  try {
    const { at, instance, stream, text: content } = JSON.parse(text)
    const isLine = [at, instance, content].every((each) => typeof each === "string")
    return isLine && (stream === "stdout" || stream === "stderr")
      ? { at, instance, stream, text: content }
      : undefined
  } catch {
    return undefined
  }
}
