import * as Fs from "node:fs"
import * as Path from "node:path"

/**
 * The programs of npm packages, so that dev = ["vite"] finds what `npm run` finds: node_modules/.bin of the folder and of
 * those above it. As far as they are ours: anybody can leave one in /tmp.
 */
export const programsOf = (directory: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (let folder = directory; isOurs(folder); folder = Path.dirname(folder)) {
    const programs = Path.join(folder, "node_modules", ".bin")
    if (isOurs(programs)) found.push(programs)
    if (Path.dirname(folder) === folder) break
  }
  return found
}

/** A folder that we own, and into which nobody else may write. */
const isOurs = (folder: string): boolean => {
  try {
    const stats = Fs.statSync(folder)
    return stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o002) === 0
  } catch {
    return false
  }
}
