import { parse } from "dotenv"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { Usage } from "../../../domain/errors/user.ts"
import { isNewSecretName, type SecretName } from "../../../domain/names.ts"
import { omitUndefined } from "../../../domain/omit-undefined.ts"
import type { Values } from "../../../programs/secrets/import.ts"
import { counted } from "../output.ts"

/** The content of a .env file. */
export interface Dotenv {
  readonly values: Values
  /** dotenvx's own public keys, which no program reads. */
  readonly publicKeys: ReadonlyArray<SecretName>
  /** Names without a value. */
  readonly empty: ReadonlyArray<SecretName>
  /** Names whose values contain ${NAME}, which some readers of such files replace. */
  readonly references: ReadonlyArray<SecretName>
  /** Names whose values are cut off at a # without a space before it; other readers keep the rest. */
  readonly cutOff: ReadonlyArray<SecretName>
  /** Names whose values begin with a quote that is never closed. dotenv keeps the quote. */
  readonly unclosed: ReadonlyArray<SecretName>
  /** Names of PEM blocks on one line, whose line breaks are written as \\n, as sops and others do. */
  readonly oneLine: ReadonlyArray<SecretName>
  /** "line 3": lines that are neither NAME=value nor a comment; mostly of an unquoted value of several lines. */
  readonly skippedLines: string | undefined
}

/**
 * Reads NAME=value lines as dotenv does; with `only`, just those. A name that a secret cannot have is reported by its line
 * number, because in a file with a missing quote it may be half of a key.
 */
export const readDotenv = (
  text: Redacted.Redacted<string>,
  only: ReadonlyArray<SecretName>
): Either.Either<Dotenv, Usage> => {
  const source = Redacted.value(text)
  const all = Object.entries(parse(source))
  if (all.length === 0) return refuse("The file has no NAME=value line.")
  const wanted = all.filter(([name]) => only.length === 0 || only.some((one) => one === name))
  const missing = only.filter((name) => !wanted.some(([there]) => there === name))
  if (missing.length > 0) return refuse(`The file does not have ${missing.join(", ")}.`)
  const invalid = wanted.filter(([name]) => !isNewSecretName(name)).map(([name]) => lineOf(source, name))
  if (invalid.length > 0) {
    return refuse(
      `Not the name of a secret, which has 1 to 128 characters of A-Z, 0-9 and _, and starts with a letter: ${linesOf(invalid)}.`,
      "Change it in the file, or name the secrets to import: tako secrets import FILE NAME…"
    )
  }
  const { cutOff, unclosed, skippedLines } = findAmbiguities(source)
  const valid = wanted.filter((entry): entry is [SecretName, string] => isNewSecretName(entry[0]))
  const publicKeys = valid.filter(([name]) => only.length === 0 && /^DOTENV_PUBLIC_KEY(?:_|$)/.test(name))
  const named = valid.filter((entry) => !publicKeys.includes(entry))
  const encrypted = named.filter(([, value]) => value.startsWith("encrypted:"))
  if (encrypted.length > 0) {
    return refuse(
      `${counted(encrypted.length, "value")} in it ${encrypted.length === 1 ? "is" : "are"} encrypted by dotenvx: ${names(encrypted)}.`,
      "Decrypt them first: dotenvx decrypt --stdout | tako secrets import --env NAME"
    )
  }
  return Either.right({
    values: new Map(
      named.flatMap(([name, value]) => (value === "" ? [] : [[name, Redacted.make(value)] as const]))
    ),
    publicKeys: namesOf(publicKeys),
    empty: namesOf(named.filter(([, value]) => value === "")),
    references: namesOf(named.filter(([, value]) => /\$\{[A-Za-z_]/.test(value))),
    cutOff: namesOf(named.filter(([name]) => cutOff.has(name))),
    unclosed: namesOf(named.filter(([name]) => unclosed.has(name))),
    oneLine: namesOf(named.filter(([, value]) => /^-----BEGIN [^\n]*\\n/.test(value))),
    skippedLines: skippedLines.length === 0 ? undefined : linesOf(skippedLines)
  })
}

/** Where dotenv may have read something other than was meant. It does so silently. */
const findAmbiguities = (source: string) => {
  const lines = source.split(/\r\n?|\n/)
  const cutOff = new Set<string>()
  const unclosed = new Set<string>()
  const skippedLines: Array<number> = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ""
    const [[name, value] = []] = Object.entries(parse(line))
    if (name === undefined || value === undefined) {
      if (!/^\s*(?:#|$)/.test(line)) skippedLines.push(at + 1)
      continue
    }
    // dotenv keeps an opening quote that has no closing one.
    const open = /^['"`]/.exec(value)?.[0]
    const end = open === undefined ? at : endOf(lines, at, name, open)
    // The last line of a repeated name counts.
    mark(cutOff, name, !/[=:]\s*['"`]/.test(line) && /^[^#]*[^\s#]#/.test(line))
    mark(unclosed, name, open !== undefined && end === at)
    at = end
  }
  return { cutOff, unclosed, skippedLines }
}

/** The last line of a quoted value; its first line if the quote is not closed. */
const endOf = (lines: ReadonlyArray<string>, start: number, name: string, quote: string): number => {
  const closes = new RegExp(`${quote}\\s*(?:#.*)?$`)
  const end = lines.findIndex((line, at) => at > start && closes.test(line))
  const whole = parse(lines.slice(start, end + 1).join("\n"))[name]
  return end > start && whole?.startsWith(quote) === false ? end : start
}

const mark = (names: Set<string>, name: string, isMarked: boolean) =>
  isMarked ? names.add(name) : names.delete(name)

type Entries = ReadonlyArray<readonly [name: SecretName, value: string]>

const namesOf = (entries: Entries): ReadonlyArray<SecretName> => entries.map(([name]) => name)
const names = (entries: Entries): string => namesOf(entries).join(", ")

/** Counted from 1; the last line of a repeated name. */
const lineOf = (source: string, name: string): number =>
  source.split(/\r\n?|\n/).findLastIndex((line) => {
    const text = line.trimStart().replace(/^export\s+/, "")
    return text.startsWith(name) && !/^[\w.-]/.test(text.slice(name.length))
  }) + 1

const linesOf = (lines: ReadonlyArray<number>): string =>
  lines.length === 1 ? `line ${lines[0]}` : `lines ${lines.slice(0, -1).join(", ")} and ${lines.at(-1)}`

const refuse = (problem: string, hint?: string) =>
  Either.left(new Usage({ problem, ...omitUndefined({ hint }) }))
