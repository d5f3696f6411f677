import * as Fs from "node:fs"
import * as Path from "node:path"

const root = Path.resolve(import.meta.dirname, "../..")

/** The documents for users, as paths from the root. */
export const documents: ReadonlyArray<string> = [
  "README.md",
  ...Fs.readdirSync(Path.join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
]

export const textOf = (document: string): string => Fs.readFileSync(Path.join(root, document), "utf8")

export interface CodeBlock {
  readonly document: string
  readonly line: number
  readonly text: string
}

/** The fenced code blocks in this language, from all documents. */
export const codeBlocks = (language: string): ReadonlyArray<CodeBlock> =>
  documents.flatMap((document) => {
    const text = textOf(document)
    const fences = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms")
    return [...text.matchAll(fences)].map(({ index, 1: block = "" }) => ({
      document,
      line: text.slice(0, index).split("\n").length,
      text: block
    }))
  })
