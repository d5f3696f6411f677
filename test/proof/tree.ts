import * as Fs from "node:fs"
import * as Path from "node:path"

/** A folder and everything in it, in memory: for each relative path, its mode and content. */
export type Tree = ReadonlyMap<string, Entry>

export type Entry =
  | { readonly kind: "folder"; readonly mode: number }
  | { readonly kind: "file"; readonly mode: number; readonly bytes: Buffer }
  | { readonly kind: "link"; readonly target: string }

export const read = (folder: string, skip: (path: string) => boolean = () => false): Tree => {
  const entries = new Map<string, Entry>()
  const walk = (within: string): void => {
    for (const name of Fs.readdirSync(Path.join(folder, within)).sort()) {
      const path = Path.join(within, name)
      if (skip(path)) continue
      const there = Path.join(folder, path)
      const stats = Fs.lstatSync(there)
      const mode = stats.mode & 0o7777
      if (stats.isSymbolicLink()) entries.set(path, { kind: "link", target: Fs.readlinkSync(there) })
      else if (stats.isDirectory()) {
        entries.set(path, { kind: "folder", mode })
        walk(path)
      } else if (stats.isFile()) entries.set(path, { kind: "file", mode, bytes: Fs.readFileSync(there) })
    }
  }
  walk("")
  return entries
}

/** Makes the folder contain exactly this. `from` is replaced by `to`, of the same length, in pins.json and rotated.json, which name paths. */
export const write = (folder: string, tree: Tree, from: string, to: string): void => {
  for (const name of Fs.readdirSync(folder))
    Fs.rmSync(Path.join(folder, name), { recursive: true, force: true })
  for (const [path, entry] of tree) {
    const there = Path.join(folder, path)
    if (entry.kind === "folder") Fs.mkdirSync(there)
    else if (entry.kind === "link") Fs.symlinkSync(entry.target, there)
    else Fs.writeFileSync(there, moved(path, entry.bytes, from, to))
    if (entry.kind !== "link") Fs.chmodSync(there, entry.mode)
  }
}

/** The content of a file of the tree, for another folder. */
export const moved = (path: string, bytes: Buffer, from: string, to: string): Buffer =>
  /(?:pins|rotated)\.json$/.test(path) ? Buffer.from(bytes.toString("utf8").replaceAll(from, to)) : bytes
