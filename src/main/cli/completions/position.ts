import { isFlag, readFlag } from "../argv/read-flag.ts"
import { flagsAt } from "../global-flags.ts"
import type { CommandPath, CommandSpec, FlagSpec, GroupSpec } from "../grammar.ts"

/** Where on the command line the cursor is: what stands before its word. */
export interface Position {
  readonly path: CommandPath
  readonly given: ReadonlyMap<FlagSpec, string | true>
  /** How many arguments there are. */
  readonly taken: number
  /** The flag whose value is being typed. */
  readonly open?: FlagSpec
  /** After "--": nothing is a flag any more. */
  readonly dashes: boolean
  /** The index of the word that is the program which the command starts. */
  readonly program?: number
}

/** Undefined behind a word that is no command. What is wrong in another way is for the command to say. */
export const positionBehind = (root: GroupSpec, words: ReadonlyArray<string>): Position | undefined => {
  let path: CommandPath = [root]
  let taken = 0
  const given = new Map<FlagSpec, string | true>()
  const here = (more: Pick<Position, "open" | "program"> & { readonly dashes?: boolean } = {}): Position => ({
    path,
    given,
    taken,
    dashes: false,
    ...more
  })
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ""
    const last: CommandSpec = path[path.length - 1] ?? root
    if (last._tag === "Leaf" && last.arguments.some(({ passThrough }) => passThrough)) {
      if (word === "--") return here({ program: at + 1 })
      if (!isFlag(word)) return here({ program: at })
    }
    if (word === "--") {
      taken += words.length - at - 1
      return last._tag === "Leaf" ? here({ dashes: true }) : undefined
    }
    if (isFlag(word)) {
      const { found, tokens, problem } = readFlag(flagsAt(path), word, words[at + 1])
      for (const [flag, value] of found) given.set(flag, value)
      if (problem?._tag === "NeedsValue" && at + 1 === words.length && !word.includes("=")) {
        return here({ open: problem.flag })
      }
      at += tokens - 1
    } else if (last._tag === "Leaf") {
      taken += 1
    } else {
      const child = last.children.find(({ name, aliases }) => name === word || aliases.includes(word))
      if (child === undefined && word !== "help") return undefined
      if (child !== undefined) path = [...path, child]
    }
  }
  return here()
}
