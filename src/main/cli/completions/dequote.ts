/** A word as a shell would read it, its quotes and backslashes taken off; nothing in it is expanded. */
export const asShellReads = (word: string): string =>
  word.replace(
    /'([^']*)'?|"((?:[^"\\]|\\.)*)"?|\\(.?)/gs,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\([$`"\\])/g, "$1") ?? escaped ?? ""
  )
