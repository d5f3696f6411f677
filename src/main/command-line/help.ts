import { displayWidth } from "../../domain/display-width.ts"
import { wrap } from "../../domain/fold.ts"
import type { Ink } from "./ink.ts"
import {
  type ArgumentSpec,
  argumentWord,
  type CommandPath,
  type CommandSpec,
  type FlagSpec,
  globalFlagsAt,
  lastOf,
  usageLine
} from "./specification.ts"

/** A word or flag, and what it means. */
type Entry = readonly [left: string, right: string]

/** What --help prints for the last command of a path; at most 80 columns, fewer on a narrower terminal. */
export const renderHelp = (path: CommandPath, columns: number, ink: Ink): string => {
  const width = Math.max(20, Math.min(80, columns))
  const last = lastOf(path)
  const paragraphs = [last.summary, ...(last.description?.split("\n\n") ?? [])]
  return [
    ...paragraphs.map((paragraph) => wrap(paragraph, width).join("\n")),
    `${ink.bold("Usage:")} ${usageLine(path)}`,
    ...(last.aliases.length === 0 ? [] : [`${ink.bold("Aliases:")} ${last.aliases.join(", ")}`]),
    ...sections(path, last).map(([title, entries]) => section(title, entries, width, ink)),
    last._tag === "Leaf"
      ? `${ink.bold("Example:")}\n  ${last.example}`
      : `More on a command: ${path[0].name} help ${[...path.slice(1).map(({ name }) => name), "COMMAND"].join(" ")}`
  ]
    .map((block) => `${block}\n`)
    .join("\n")
}

type Section = readonly [title: string, entries: ReadonlyArray<Entry>]

const sections = (path: CommandPath, last: CommandSpec): ReadonlyArray<Section> => {
  const globals = globalFlagsAt(path).map(flagEntry)
  // A program without commands has no flags but its own.
  const isOnlyCommand = last === path[0]
  const own: ReadonlyArray<Section> =
    last._tag === "Group"
      ? [["Commands:", last.children.map(commandEntry)]]
      : [
          ["Arguments:", last.arguments.filter(({ summary }) => summary !== undefined).map(argumentEntry)],
          ["Flags:", [...last.flags.map(flagEntry), ...(isOnlyCommand ? globals : [])]]
        ]
  const shared: ReadonlyArray<Section> =
    last._tag === "Leaf" && isOnlyCommand ? [] : [["Global flags:", globals]]
  return [...own, ...shared].filter(([, entries]) => entries.length > 0)
}

const commandEntry = ({ name, summary, aliases }: CommandSpec): Entry => [
  name,
  aliases.length === 0 ? summary : `${summary} (also: ${aliases.join(", ")})`
]

const argumentEntry = (argument: ArgumentSpec): Entry => [argumentWord(argument), argument.summary ?? ""]

const flagEntry = ({ name, short, value, summary }: FlagSpec): Entry => [
  `${short === undefined ? "    " : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
  summary
]

const section = (title: string, entries: ReadonlyArray<Entry>, width: number, ink: Ink): string => {
  const left = Math.max(...entries.map(([left]) => displayWidth(left)))
  const indent = 2 + left + 2
  // Where the right column would be too narrow to read, the meaning goes below.
  const below = width - indent < 24
  const lines = entries.flatMap(([word, meaning]) => {
    const wrapped = wrap(meaning, below ? width - 6 : width - indent)
    if (below) return [`  ${word}`, ...wrapped.map((line) => `      ${line}`)]
    return wrapped.map((line, i) =>
      i === 0 ? `  ${word}${" ".repeat(left - displayWidth(word))}  ${line}` : `${" ".repeat(indent)}${line}`
    )
  })
  return [ink.bold(title), ...lines].join("\n")
}
