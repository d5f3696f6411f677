import * as Fs from "node:fs"
import * as Path from "node:path"
import type { LogLine } from "../../domain/protocol/replies.ts"
import { quietly, unless } from "../files/attempt.ts"

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = Fs.constants

/** The numbers of an app's files, oldest first. */
export const generations = (folder: string): ReadonlyArray<number> =>
  (unless(["ENOENT", "ENOTDIR"], () => Fs.readdirSync(folder)) ?? [])
    .flatMap((name) => /^output\.([1-9]\d{0,14})\.jsonl$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)

export const pathOf = (folder: string, generation: number): string =>
  Path.join(folder, `output.${generation}.jsonl`)

export interface Limits {
  /** Of one file, in bytes; it may be longer by one write. */
  readonly fileLength: number
  /** How many files are kept. */
  readonly files: number
}

/** The end of an app's log: lines are added to its last file until that is long enough, then a new one is begun. */
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

  /** What the disk does not take is lost: an app that runs is worth more than its log. */
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
