import * as Option from "effect/Option"
import { nearest } from "../../domain/did-you-mean.ts"
import { Usage } from "../../domain/errors/user.ts"
import type { FlagProblem } from "./read-flag.ts"
import {
  type ArgumentSpec,
  type CommandPath,
  type CommandSpec,
  commandLine,
  type FlagSpec,
  type GroupSpec,
  type LeafSpec,
  lastOf,
  usageLine,
  versionFlag
} from "./specification.ts"

// Whatever was typed may be a secret in the wrong place. These messages repeat a word only where it looks like a command
// or a flag; everything else in them was declared by us.

const seeHelp = (path: CommandPath): string => `See: ${commandLine(path)} --help`

const howTo = (path: CommandPath, leaf: LeafSpec): string =>
  `Usage: ${usageLine(path)}\nExample: ${leaf.example}`

/** A word that is not a command below the last one of the path. */
export const unknownCommand = (path: CommandPath, group: GroupSpec, word: string): Usage => {
  const shown = /^[a-z][a-z-]{0,30}$/.test(word)
  const problem = shown
    ? `There is no command "${commandLine(path)} ${word}".`
    : `${commandLine(path)} has no such command.`
  const elsewhere = findCommand([path[0]], word)
  if (elsewhere !== undefined) return new Usage({ problem, hint: `Did you mean ${elsewhere}?` })
  if (word === versionFlag.name && path.length === 1) {
    return new Usage({ problem, hint: `Did you mean ${commandLine(path)} --${word}?` })
  }
  const names = group.children.flatMap(({ name, aliases }) => [name, ...aliases])
  return new Usage({
    problem,
    hint: Option.match(nearest(word, [...names, "help"]), {
      onNone: () => seeHelp(path),
      onSome: (name) => `Did you mean ${commandLine(path)} ${name}?`
    })
  })
}

const findCommand = (path: ReadonlyArray<CommandSpec>, word: string): string | undefined => {
  const last = path[path.length - 1]
  if (last === undefined || last._tag === "Leaf") return undefined
  for (const child of last.children) {
    const there = [...path, child]
    if (child.name === word || child.aliases.includes(word)) return commandLine(there)
    const below = findCommand(there, word)
    if (below !== undefined) return below
  }
  return undefined
}

export const dashesBeforeCommand = (path: CommandPath): Usage =>
  new Usage({ problem: 'A command is missing before "--".', hint: seeHelp(path) })

/** A flag that is wrong. `known` are the flags that the last command of the path takes. */
export const flagProblem = (path: CommandPath, known: ReadonlyArray<FlagSpec>, wrong: FlagProblem): Usage => {
  switch (wrong._tag) {
    case "NeedsValue": {
      const { name, value } = wrong.flag
      const attached = wrong.dash ? ` (a value that begins with "-": --${name}=${value})` : ""
      return new Usage({ problem: `--${name} needs a value.`, hint: `Write --${name} ${value}${attached}` })
    }
    case "TakesNoValue":
      return new Usage({ problem: `--${wrong.flag.name} takes no value.`, hint: seeHelp(path) })
    case "Twice":
      return new Usage({ problem: `--${wrong.flag.name} is given twice.`, hint: seeHelp(path) })
    case "Unknown":
      return unknownFlag(path, known, wrong.shown, wrong.withValue)
  }
}

const unknownFlag = (
  path: CommandPath,
  known: ReadonlyArray<FlagSpec>,
  shown: string | undefined,
  withValue: boolean
): Usage => {
  const last = lastOf(path)
  const problem =
    shown === undefined
      ? `${commandLine(path)} has no such flag.`
      : `${commandLine(path)} has no flag ${shown}.`
  if (shown !== undefined && last._tag === "Group" && isBelow(last, shown)) {
    return new Usage({ problem, hint: `Write it after the command: ${commandLine(path)} COMMAND ${shown}` })
  }
  const near =
    shown?.startsWith("--") === true
      ? nearest(
          shown.slice(2),
          known.map(({ name }) => name)
        )
      : Option.none()
  if (Option.isSome(near)) return new Usage({ problem, hint: `Did you mean --${near.value}?` })
  if (withValue && last._tag === "Leaf" && last.surplus !== undefined) {
    return new Usage({ problem: `${problem} ${last.surplus.problem}`, hint: last.surplus.hint })
  }
  return new Usage({ problem, hint: seeHelp(path) })
}

const isBelow = (group: GroupSpec, shown: string): boolean =>
  group.children.some((child) =>
    child._tag === "Group"
      ? isBelow(child, shown)
      : child.flags.some(({ name, short }) => shown === `--${name}` || shown === `-${short}`)
  )

/** More arguments than the command takes, or one that carries a value. */
export const surplus = (path: CommandPath, leaf: LeafSpec): Usage => {
  if (leaf.surplus !== undefined) return new Usage(leaf.surplus)
  const labels = leaf.arguments.map(({ label }) => label)
  const takes = labels.length === 0 ? "no arguments" : `no more than ${labels.join(" and ")}`
  return new Usage({ problem: `${commandLine(path)} takes ${takes}.`, hint: howTo(path, leaf) })
}

export const missing = (path: CommandPath, leaf: LeafSpec, { label }: ArgumentSpec): Usage =>
  new Usage({ problem: `${label} is missing.`, hint: howTo(path, leaf) })

export const empty = (path: CommandPath, leaf: LeafSpec, { label }: ArgumentSpec): Usage =>
  new Usage({ problem: `${label} is empty.`, hint: howTo(path, leaf) })
