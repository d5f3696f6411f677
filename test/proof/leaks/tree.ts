import type { CommandSpec, LeafSpec } from "../../../src/main/command-line/specification.ts"

/** A command that does something, and the words that run it. */
export interface Leaf {
  readonly words: ReadonlyArray<string>
  readonly spec: LeafSpec
}

export const leavesOf = (spec: CommandSpec, words: ReadonlyArray<string> = []): ReadonlyArray<Leaf> =>
  spec._tag === "Leaf"
    ? [{ words, spec }]
    : spec.children.flatMap((child) => leavesOf(child, [...words, child.name]))

export const has = ({ spec }: Leaf, flag: string): boolean => spec.flags.some(({ name }) => name === flag)

export const allFlags = (spec: CommandSpec): ReadonlyArray<string> => [
  ...new Set(leavesOf(spec).flatMap(({ spec }) => spec.flags.map(({ name }) => name)))
]
