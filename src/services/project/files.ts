import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import { FileFailed, PathRefused } from "../../domain/errors/secrets-file.ts"
import { withLines } from "./lines.ts"

/** See Project.writeNew: the file appears whole or not at all. */
export const writeNew = (root: string, path: string, text: string) =>
  attempt(Path.resolve(root, path), (target) => {
    if (!isInside(root, Fs.realpathSync(Path.dirname(target)))) throw outside(target)
    if (Fs.lstatSync(target, { throwIfNoEntry: false }) !== undefined) return false
    return beside(target, Buffer.from(text), (written) => {
      try {
        // Unlike rename(2), link(2) fails when somebody else was quicker.
        Fs.linkSync(written, target)
        return true
      } catch (error) {
        if (codeOf(error) === "EEXIST") return false
        throw error
      }
    })
  })

/** See Project.appendLines. The file is replaced as a whole and keeps its mode; its other bytes stay as they are. */
export const appendLines = (root: string, path: string, lines: ReadonlyArray<string>) =>
  attempt(Path.resolve(root, path), (named) => {
    const target = Fs.lstatSync(named, { throwIfNoEntry: false })?.isSymbolicLink()
      ? Fs.realpathSync(named)
      : named
    if (!isInside(root, Fs.realpathSync(Path.dirname(target)))) throw outside(named)
    const stats = Fs.lstatSync(target, { throwIfNoEntry: false })
    if (stats !== undefined && !stats.isFile()) throw new PathRefused({ path: named, reason: "not-a-file" })
    const before = stats === undefined ? "" : Fs.readFileSync(target, "latin1")
    const after = withLines(before, lines.map(asBytes))
    if (after === before) return false
    return beside(target, Buffer.from(after, "latin1"), (written, fd) => {
      if (stats !== undefined) Fs.fchmodSync(fd, stats.mode & 0o7777)
      Fs.renameSync(written, target)
      return true
    })
  })

// One character per byte, so that a file in any encoding is written back as it was read.
const asBytes = (line: string): string => Buffer.from(line).toString("latin1")

/** Writes a new file in the same folder, on disk before `place` is called; gone afterwards if it is not placed. */
const beside = <A>(target: string, content: Uint8Array, place: (written: string, fd: number) => A): A => {
  const random = crypto.randomUUID().slice(0, 8)
  const written = Path.join(Path.dirname(target), `.${Path.basename(target)}.${random}.tmp`)
  const fd = Fs.openSync(written, "wx", 0o666)
  try {
    Fs.writeFileSync(fd, content)
    Fs.fsyncSync(fd)
    return place(written, fd)
  } finally {
    Fs.closeSync(fd)
    Fs.rmSync(written, { force: true })
  }
}

const isInside = (root: string, directory: string): boolean =>
  directory === root || directory.startsWith(root === Path.sep ? root : root + Path.sep)

const outside = (path: string) => new PathRefused({ path, reason: "symlink-outside-project" })

const attempt = <A>(target: string, act: (target: string) => A): Effect.Effect<A, FileFailed | PathRefused> =>
  Effect.try({
    try: () => act(target),
    catch: (error) =>
      error instanceof PathRefused
        ? error
        : new FileFailed({ operation: "write", path: target, code: codeOf(error) })
  })

export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "EIO"
