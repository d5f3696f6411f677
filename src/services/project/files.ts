import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/files.ts"
import { PathRefused } from "../../domain/errors/secrets-file.ts"
import { attempt } from "../files/errno.ts"
import { followedWithin, namedWithin } from "../files/paths-within.ts"
import { createNew, replace, sweep } from "../files/replace.ts"

/** See Project.writeNew: the file appears as a whole or not at all. */
export const writeNew = Effect.fnUntraced(function* (root: string, path: string, text: string) {
  const target = yield* namedWithin("write", root, path)
  yield* sweepLeftovers(target)
  return yield* createNew(target, Buffer.from(text), usualPermissions)
})

/** See Project.appendLines. The file is replaced as a whole and keeps its mode; its existing bytes do not change. */
export const appendLines = (root: string, path: string, lines: ReadonlyArray<string>) =>
  rewrite(root, path, (before) => {
    const text = before.toString("latin1")
    const after = withLines(text, lines.map(toBytes))
    return after === text ? undefined : Buffer.from(after, "latin1")
  })

/**
 * Replaces a file of the project, possibly through a link within it, by the result of `change` on its bytes, which are
 * none if it does not exist. False if there is nothing to write.
 */
export const rewrite = Effect.fnUntraced(function* (
  root: string,
  path: string,
  change: (before: Buffer) => Uint8Array | undefined
): Effect.fn.Return<boolean, FileFailed | PathRefused> {
  const target = yield* followedWithin("write", root, path)
  yield* sweepLeftovers(target)
  const stats = yield* attempt("write", target, () => Fs.lstatSync(target, { throwIfNoEntry: false }))
  if (stats?.isFile() === false) {
    return yield* new PathRefused({ path: Path.resolve(root, path), reason: "not-a-file" })
  }
  const before = yield* attempt("read", target, () =>
    stats === undefined ? Buffer.alloc(0) : Fs.readFileSync(target)
  )
  const after = change(before)
  if (after === undefined) return false
  yield* replace(target, after, stats === undefined ? usualPermissions : { _tag: "Like", stats }, Effect.void)
  return true
})

// The permissions that programs usually create files with.
const usualPermissions = { _tag: "LessUmask", mode: 0o666 } as const

// One character per byte, so that a file in any encoding is written back as it was read.
const toBytes = (line: string): string => Buffer.from(line).toString("latin1")

/** Removes what earlier writers left behind when they were killed. */
const sweepLeftovers = (target: string) =>
  attempt("write", target, () =>
    sweep(Path.dirname(target), (name) => name.startsWith(`${Path.basename(target)}.`))
  )

/**
 * Adds lines to the text, in this order: all lines from the first one that is missing or out of order are
 * appended. Line endings are those of the text.
 */
export const withLines = (text: string, lines: ReadonlyArray<string>): string => {
  const present = text.split("\n").map((line) => line.trim())
  let last = -1
  let kept = 0
  for (const line of lines) {
    const index = present.lastIndexOf(line)
    if (index <= last) break
    last = index
    kept += 1
  }
  const missing = lines.slice(kept)
  if (missing.length === 0) return text
  const end = text.includes("\r\n") ? "\r\n" : "\n"
  const gap = text === "" || text.endsWith("\n") ? "" : end
  return text + gap + missing.map((line) => line + end).join("")
}
