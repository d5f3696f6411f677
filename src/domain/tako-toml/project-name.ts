const pattern = /^[a-z][a-z0-9-]{0,62}$/

/** Whether this can be a project's name: a letter of a-z, then up to 62 of a-z, 0-9 and "-". */
export const isProjectName = (text: string): boolean => pattern.test(text)

/** A folder's name made fit for a project: accents and everything before the first letter dropped, the rest "-". */
export const projectNameOf = (folder: string): string => {
  const fit = folder
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 63)
    .replace(/-+$/, "")
  return fit === "" ? "app" : fit
}
