import * as Fs from "node:fs"
import type { GroupSpec } from "../../command-line/specification.ts"
import { type Answer, asShellReads, complete } from "./complete.ts"
import { namesFor } from "./known-names.ts"

/** The declared commands, which the build inserts. */
declare const TAKO_GRAMMAR: GroupSpec

/**
 * `tako __complete SHELL WORD…`: the last word is the one with the cursor. Prints one line that says what can stand
 * there ("words", "files BEFORE", "program INDEX"), and the words, each with a tab and its meaning. On any error it prints
 * nothing: Tab is no place for error messages.
 */
const main = (): void => {
  try {
    const [shell, ...words] = process.argv.slice(3)
    // Only bash passes its words with quotes and backslashes.
    const read = shell === "bash" ? words.map(asShellReads) : words
    const typed = { words: read.slice(0, -1), current: read.at(-1) ?? "" }
    const environment = process.env.TAKO_ENV || undefined
    const text = print(complete(TAKO_GRAMMAR, typed, namesFor, environment))
    for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(Fs.writeSync(1, rest))
  } catch {
    // See above.
  }
}

const print = (answer: Answer): string => {
  switch (answer._tag) {
    case "Words":
      return ["words", ...answer.candidates.map((candidate) => candidate.join("\t")), ""].join("\n")
    case "Files":
      return `files ${answer.before}\n`
    case "Program":
      return `program ${answer.at}\n`
  }
}

main()
