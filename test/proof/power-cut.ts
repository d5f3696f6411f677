import { trial } from "./report.ts"
import type { Prepared, Stage } from "./stage.ts"
import { type Call, pathsOf, stringsOf } from "./strace.ts"
import type * as Tree from "./tree.ts"

/*
 * The states that POSIX allows after a power cut: a file has the content of its last fsync, plus any prefix of what was
 * written since; a folder has the entries of its last fsync, plus any prefix of the changes since, independently of other
 * folders. If a folder may be lost, so may everything in it. The calls of a clean run are replayed, and after each of
 * them every such state of the relevant files is checked.
 */

interface Inode {
  readonly id: number
  content: Buffer
  /** What is certainly there; undefined for a file that was never synced. */
  synced: Buffer | undefined
}

interface Folder {
  readonly entries: Map<string, Inode | undefined>
  /** The entry after each change since the last sync. */
  pending: Array<readonly [name: string, inode: Inode | undefined]>
  readonly durable: Map<string, Inode | undefined>
}

type Possible = ReadonlyArray<Buffer | undefined>

export const powerCut = (stage: Stage, all: ReadonlyArray<Prepared>) =>
  trial("power cut (model)", async (fail) => {
    let states = 0
    for (const prepared of all) {
      const reported = new Set<string>()
      states += replay(stage, prepared, (what) => {
        if (!reported.has(what)) fail(`${prepared.writing.name} (${prepared.variant}): ${what}`)
        reported.add(what)
      })
    }
    return {
      size: `${states} states of ${all.length} clean runs`,
      result: "each file old or new, the key before the file that needs it, nothing lost after exit 0"
    }
  })

/** Returns the number of states that were checked. */
export const replay = (stage: Stage, prepared: Prepared, fail: (what: string) => void): number => {
  const [lane] = stage.lanes
  const disk = diskOf(prepared.before)
  const matters = [
    ...new Set([...prepared.before.keys(), ...prepared.after.keys()].filter((path) => isOurs.test(path)))
  ]
  const old = new Map(matters.map((path) => [path, bytesOf(prepared.before, path)]))
  const final = new Map(matters.map((path) => [path, bytesOf(prepared.after, path)]))
  const wanted = (path: string): Possible => {
    // The pins go through a third state while a key is rotated.
    const between = path === "home/pins.json" ? disk.onceAt(path) : []
    return [old.get(path), final.get(path), ...between]
  }
  let states = 0
  for (const call of prepared.calls) {
    if (!disk.make(call, pathsOf(call, lane))) continue
    const found = new Map(matters.map((path) => [path, disk.possible(path)]))
    for (const [path, possible] of found) {
      states += possible.length
      for (const content of possible) {
        if (!wanted(path).some((one) => same(one, content)))
          fail(`${path} may be ${shown(content)} after ${call.name}`)
      }
    }
    const file = found.get("project/.tako/secrets.json") ?? []
    if (file.some((content) => !same(content, old.get("project/.tako/secrets.json")))) {
      for (const path of matters.filter((path) => path.startsWith("home/"))) {
        const isThere = (found.get(path) ?? []).every((content) => content !== undefined)
        if (final.get(path) !== undefined && !isThere)
          fail(`${path} may be missing when the file that needs it is there`)
      }
    }
  }
  for (const path of matters) {
    if (disk.possible(path).some((content) => !same(content, final.get(path)))) {
      fail(`a power cut after exit 0 may undo the change of ${path}`)
    }
  }
  return states
}

const isOurs =
  /^project\/(?:\.tako\/secrets\.json|tako\.toml|tako\.gen\.ts|\.gitignore)$|^home\/(?:pins\.json|rotated\.json|keys\/[0-9a-f]{16})$/

const bytesOf = (tree: Tree.Tree, path: string): Buffer | undefined => {
  const entry = tree.get(path)
  return entry?.kind === "file" ? entry.bytes : undefined
}

const same = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.equals(b)

const shown = (content: Buffer | undefined): string =>
  content === undefined ? "missing" : `cut off after ${content.length} bytes, or another text`

const nameOf = (path: string): readonly [string, string] => {
  const at = path.lastIndexOf("/")
  return [at === -1 ? "" : path.slice(0, at), path.slice(at + 1)]
}

const diskOf = (before: Tree.Tree) => {
  const folders = new Map<string, Folder>()
  const seen = new Map<string, Array<Buffer>>()
  const made = new Set<string>()
  let ids = 0
  const inode = (content: Buffer, synced: Buffer | undefined): Inode => ({ id: ids++, content, synced })
  const folder = (path: string): Folder => {
    const known = folders.get(path) ?? { entries: new Map(), pending: [], durable: new Map() }
    folders.set(path, known)
    return known
  }
  for (const [path, entry] of before) {
    if (entry.kind !== "file") continue
    const [parent, name] = nameOf(path)
    const there = inode(entry.bytes, entry.bytes)
    folder(parent).entries.set(name, there)
    folder(parent).durable.set(name, there)
  }
  const change = (path: string, to: Inode | undefined) => {
    const [parent, name] = nameOf(path)
    const { entries, pending } = folder(parent)
    entries.set(name, to)
    pending.push([name, to])
    if (to !== undefined) seen.set(path, [...(seen.get(path) ?? []), to.content])
  }
  const at = (path: string): Inode | undefined => {
    const [parent, name] = nameOf(path)
    return folder(parent).entries.get(name)
  }

  /** Returns whether it changed anything. */
  const make = (call: Call, paths: ReadonlyArray<string>): boolean => {
    const [first, second] = paths
    if (first === undefined || call.result.startsWith("-1") || call.result.startsWith("?")) return false
    switch (call.name) {
      case "open":
      case "openat": {
        if (!/O_CREAT|O_TRUNC/.test(call.args)) return false
        const there = at(first)
        if (there === undefined) change(first, inode(Buffer.alloc(0), undefined))
        else if (/O_TRUNC/.test(call.args)) there.content = Buffer.alloc(0)
        return true
      }
      case "mkdir":
      case "mkdirat":
        made.add(first)
        change(first, inode(Buffer.alloc(0), Buffer.alloc(0)))
        return true
      case "write": {
        const there = at(first)
        const [written] = stringsOf(call.args.slice(call.args.indexOf(">")))
        if (there === undefined || written === undefined) return false
        there.content = Buffer.concat([there.content, written])
        return true
      }
      case "fsync":
      case "fdatasync": {
        const there = made.has(first) ? undefined : at(first)
        if (there !== undefined) there.synced = there.content
        else if (folders.has(first) || call.name === "fsync") {
          const { pending, durable } = folder(first)
          for (const [name, to] of pending) durable.set(name, to)
          folder(first).pending = []
        }
        return true
      }
      case "link":
      case "linkat":
        if (second !== undefined) change(second, at(first))
        return true
      case "rename":
      case "renameat":
      case "renameat2": {
        if (second === undefined) return false
        const moved = at(first)
        change(second, moved)
        change(first, undefined)
        return true
      }
      case "unlink":
      case "unlinkat":
        change(first, undefined)
        return true
      case "writev":
      case "pwrite64":
      case "pwritev":
      case "truncate":
      case "ftruncate":
        throw new Error(`the model does not know ${call.name} on ${first}`)
      default:
        return false
    }
  }

  /** Whether a parent folder was created whose own entry may be lost. */
  const mayBeLost = (path: string): boolean => {
    const [parent] = nameOf(path)
    if (parent === "") return false
    const [above, name] = nameOf(parent)
    return (made.has(parent) && folder(above).durable.get(name) === undefined) || mayBeLost(parent)
  }

  /** Everything that may be found at the path after a power cut now. */
  const possible = (path: string): Possible =>
    mayBeLost(path) ? [...inItsFolder(path), undefined] : inItsFolder(path)

  const inItsFolder = (path: string): Possible => {
    const [parent, name] = nameOf(path)
    const { durable, pending } = folder(parent)
    const inodes = [durable.get(name), ...pending.filter(([entry]) => entry === name).map(([, to]) => to)]
    return inodes.flatMap((one): Possible => {
      if (one === undefined) return [undefined]
      const all = one.content
      if (one.synced !== undefined && same(one.synced, all)) return [all]
      return [one.synced ?? Buffer.alloc(0), all.subarray(0, all.length >> 1), all]
    })
  }
  return { make, possible, onceAt: (path: string): ReadonlyArray<Buffer> => seen.get(path) ?? [] }
}
