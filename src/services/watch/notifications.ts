import * as Fs from "node:fs"
import * as Path from "node:path"

/** Watches a folder: node:fs's watch, or a test's replacement. */
export type WatchFolder = (
  folder: string,
  onEvent: (event: string, name: string | null) => void
) => Fs.FSWatcher

export const watchFolder: WatchFolder = (folder, onEvent) => Fs.watch(folder, { persistent: false }, onEvent)

/**
 * The kernel's notifications (inotify(7), kqueue(2)) for the folders of some paths. Folders, because a file may be replaced by
 * another one of the same name, and a watch on the old one would go with it.
 */
interface Notifications {
  /** Watches what exists now. False if a folder cannot be watched, as when the system has no more watches (ENOSPC, EMFILE). */
  readonly renew: () => boolean
  readonly close: () => void
}

export const notificationsFor = (
  paths: ReadonlyArray<string>,
  watch: WatchFolder,
  onEvent: (isWatchedName: boolean) => void
): Notifications => {
  const names = new Set(paths.map((path) => Path.basename(path)))
  const open = new Map<string, Fs.FSWatcher>()
  const drop = (key: string) => {
    open.get(key)?.close()
    open.delete(key)
  }
  const add = (key: string, folder: string): boolean => {
    if (open.has(key)) return true
    try {
      const watcher = watch(folder, (_, name) => onEvent(name === null || names.has(name)))
      open.set(key, watcher)
      watcher.on("error", () => drop(key))
      return true
    } catch {
      return false
    }
  }
  return {
    renew: () => {
      // By inode: a new folder of the same name needs a new watch.
      const wanted = new Map(
        paths.flatMap(foldersOf).map((folder) => [`${inodeOf(folder)}:${folder}`, folder])
      )
      for (const key of open.keys()) if (!wanted.has(key)) drop(key)
      return [...wanted].map(([key, folder]) => add(key, folder)).every((isWatched) => isWatched)
    },
    close: () => {
      for (const key of [...open.keys()]) drop(key)
    }
  }
}

/** The folder that contains a path, or else its nearest existing ancestor, and the path itself if it is a folder. */
const foldersOf = (path: string): ReadonlyArray<string> => {
  let folder = Path.dirname(path)
  while (inodeOf(folder) === undefined && folder !== Path.dirname(folder)) folder = Path.dirname(folder)
  return inodeOf(path) === undefined ? [folder] : [folder, path]
}

/** Undefined if it is not a folder. */
const inodeOf = (folder: string): string | undefined => {
  try {
    const stats = Fs.statSync(folder, { bigint: true, throwIfNoEntry: false })
    return stats?.isDirectory() ? `${stats.dev}:${stats.ino}` : undefined
  } catch {
    return undefined
  }
}
