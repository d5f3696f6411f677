import * as Fs from "node:fs"

/** What tells one state of a file from another, without reading it; links are followed. */
export const signatureOf = (path: string): string => {
  try {
    const stats = Fs.statSync(path, { bigint: true, throwIfNoEntry: false })
    if (stats === undefined) return "absent"
    const { dev, ino, mode, size, mtimeNs, ctimeNs } = stats
    return [dev, ino, mode, size, mtimeNs, ctimeNs].join(":")
  } catch (error) {
    // EACCES, ELOOP: whatever it is, as long as it is that.
    return String((error as NodeJS.ErrnoException).code)
  }
}
