import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/files.ts"
import { DataUnsafe } from "../../domain/errors/server.ts"
import { attempt, errnoOf, quietly } from "../files/errno.ts"
import { syncFolder } from "../files/replace.ts"

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = Fs.constants

/** How much of the end of the file is read: 1 MiB. */
const tailLength = 1024 * 1024

/** At 8 MiB the file is rotated, replacing the previous one, so at least some 40,000 lines are kept. */
const maxLength = 8 * 1024 * 1024

export const olderPath = (path: string): string => path.replace(/\.jsonl$/, ".1.jsonl")

/** Appends a line durably, whole or not at all, after ending a line that an earlier writer left unfinished. */
export const append = (path: string, line: string): Effect.Effect<void, DataUnsafe | FileFailed> =>
  Effect.flatMap(
    Effect.zipRight(rotate(path), add(path, line)),
    // Makes a new file durable, and the new name of a rotated one.
    (isNew) => (isNew ? syncFolder(Path.dirname(path), path) : Effect.void)
  )

const rotate = (path: string): Effect.Effect<void, FileFailed> =>
  attempt("write to", path, () => {
    const size = Fs.lstatSync(path, { throwIfNoEntry: false })?.size ?? 0
    if (size >= maxLength) Fs.renameSync(path, olderPath(path))
  })

const add = (path: string, line: string): Effect.Effect<boolean | undefined, DataUnsafe | FileFailed> =>
  withAuditFile("write to", path, O_APPEND | O_CREAT, (fd, size) => {
    const isCut = size > 0 && readAt(fd, size - 1, 1).toString("latin1") !== "\n"
    try {
      Fs.writeFileSync(fd, `${isCut ? "\n" : ""}${line}`)
      Fs.fsyncSync(fd)
    } catch (error) {
      quietly(() => Fs.ftruncateSync(fd, size))
      throw error
    }
    return size === 0
  })

/** The whole lines in the last MiB of the trail, which may include the rotated file; empty if there is no trail. */
export const tail = (path: string): Effect.Effect<string, DataUnsafe | FileFailed> =>
  Effect.flatMap(endOf(path), (end) =>
    end.length >= tailLength / 2
      ? Effect.succeed(end)
      : Effect.map(endOf(olderPath(path)), (older) => `${older}\n${end}`)
  )

const endOf = (path: string): Effect.Effect<string, DataUnsafe | FileFailed> =>
  Effect.map(
    withAuditFile("read", path, 0, (fd, size) => {
      const start = Math.max(0, size - tailLength)
      const text = readAt(fd, start, size - start).toString("utf8")
      return start === 0 ? text : text.slice(text.indexOf("\n") + 1)
    }),
    (text) => text ?? ""
  )

/** Undefined if the file does not exist and `flags` do not create it. */
const withAuditFile = <A>(
  operation: FileFailed["operation"],
  path: string,
  flags: number,
  use: (fd: number, size: number) => A
): Effect.Effect<A | undefined, DataUnsafe | FileFailed> =>
  Effect.flatMap(
    attempt(operation, path, () => {
      const fd = open(path, flags)
      if (typeof fd === "string") return { problem: fd }
      if (fd === undefined) return { result: undefined }
      try {
        const stats = Fs.fstatSync(fd)
        if (!stats.isFile()) return { problem: "not-a-file" as const }
        if (stats.uid !== process.geteuid?.()) return { problem: "foreign-owner" as const }
        if ((stats.mode & 0o077) !== 0) return { problem: "permissions" as const }
        return { result: use(fd, stats.size) }
      } finally {
        Fs.closeSync(fd)
      }
    }),
    (found) =>
      "problem" in found
        ? new DataUnsafe({ path, problem: found.problem, directory: false })
        : Effect.succeed(found.result)
  )

const open = (path: string, flags: number): number | "symlink" | "not-a-file" | undefined => {
  try {
    return Fs.openSync(path, flags | O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0o600)
  } catch (error) {
    switch (errnoOf(error)) {
      case "ENOENT":
        return undefined
      case "ELOOP":
        return "symlink"
      case "EISDIR":
        return "not-a-file"
      default:
        throw error
    }
  }
}

const readAt = (fd: number, position: number, length: number): Buffer => {
  const buffer = Buffer.alloc(length)
  let read = 0
  while (read < length) {
    const count = Fs.readSync(fd, buffer, read, length - read, position + read)
    if (count === 0) break
    read += count
  }
  return buffer.subarray(0, read)
}
