/** Folders that hold what others wrote or what tools made; also every one whose name starts with a dot. */
const notOurs = new Set(
  "node_modules bower_components vendor dist build out target coverage tmp venv __pycache__".split(" ")
)

export const isSkipped = (folder: string): boolean => folder.startsWith(".") || notOurs.has(folder)

/** What makes a folder below the root a project or a repository of its own. */
export const isElsewhere = (entries: ReadonlyArray<string>): boolean =>
  entries.some((name) => name === "tako.toml" || name === ".tako" || name === ".git")
