import * as Either from "effect/Either"
import { describe, expect, it } from "vitest"
import { root } from "../../../src/main/cli/root.ts"
import { renderHelp } from "../../../src/main/command-line/help.ts"
import { plain } from "../../../src/main/command-line/ink.ts"
import { prepare } from "../../../src/main/command-line/prepare.ts"
import {
  type CommandPath,
  commandLine,
  flagsAt,
  type LeafSpec
} from "../../../src/main/command-line/specification.ts"

const below = (path: CommandPath): ReadonlyArray<CommandPath> => {
  const last = path.at(-1)
  return last?._tag !== "Group"
    ? [path]
    : [path, ...last.children.flatMap((child) => below([...path, child]))]
}

const paths = below([root.spec]).map((path) => ({ name: commandLine(path), path }))
const leaves = paths.flatMap(({ name, path }) => {
  const last = path.at(-1)
  return last?._tag === "Leaf" ? [{ name, leaf: last as LeafSpec }] : []
})

const twice = (names: ReadonlyArray<string>) => names.filter((name, i) => names.indexOf(name) !== i)

describe("every command of tako", () => {
  it.each(paths)("$name: no two flags or commands share a name", ({ path }) => {
    const flags = flagsAt(path)
    expect(twice(flags.map(({ name }) => name))).toEqual([])
    expect(twice(flags.flatMap(({ short }) => short ?? []))).toEqual([])
    const last = path.at(-1)
    const commands = last?._tag === "Group" ? last.children : []
    expect(twice(commands.flatMap(({ name, aliases }) => [name, ...aliases]))).toEqual([])
  })

  it.each(leaves)("$name: its example is valid", ({ name, leaf }) => {
    // Leaves out what the shell would interpret: comments, pipes and redirections.
    const typed = leaf.example.split(/ [#|<>]/)[0] ?? ""
    expect(typed.startsWith(`${name}`), typed).toBe(true)
    const prepared = prepare(root.spec, typed.split(" ").slice(1))
    expect(Either.isLeft(prepared) ? prepared.left.message : prepared.right._tag).toBe("Invoke")
  })

  it.each(paths)("$name: its help fits into 80 columns", ({ path }) => {
    for (const line of renderHelp(path, 80, plain).split("\n"))
      expect(line.length, line).toBeLessThanOrEqual(80)
  })
})
