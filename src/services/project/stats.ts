import * as Fs from "node:fs"

/** What is at this path itself, a link not followed; undefined also where we may not look (EACCES, ENOTDIR). */
export const statsOf = (path: string): Fs.Stats | undefined => {
  try {
    return Fs.lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
