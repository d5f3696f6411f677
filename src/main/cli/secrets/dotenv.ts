import { parse } from "dotenv"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { Usage } from "../../../domain/errors/user.ts"
import { isNewSecretName, type SecretName } from "../../../domain/names.ts"
import { omitUndefined } from "../../../domain/omit-undefined.ts"
import type { Values } from "../../../programs/secrets/import.ts"
import { counted } from "../output.ts"

/** What stands in a .env file. */
export interface Dotenv {
  readonly values: Values
  /** dotenvx's own public keys, which no program reads. */
  readonly own: ReadonlyArray<SecretName>
  /** Names without a value. */
  readonly empty: ReadonlyArray<SecretName>
  /** Names whose values hold ${NAME}, for which some readers of such files put another value in. */
  readonly references: ReadonlyArray<SecretName>
  /** Names whose values end at a # that has no space before it: a comment to dotenv, to other readers a part of it. */
  readonly cut: ReadonlyArray<SecretName>
  /** Names whose values begin with a quote that is not the end of them, too: taken with it. */
  readonly unclosed: ReadonlyArray<SecretName>
  /** Names of PEM blocks whose lines end in a backslash and an n, as sops and others write them: not to dotenv. */
  readonly oneLine: ReadonlyArray<SecretName>
  /** "line 3", of what is no NAME=value and no comment: a value of several lines without quotes, mostly. */
  readonly passedOver: string | undefined
}

/**
 * Reads NAME=value lines as dotenv does; with `only`, those alone. Names that a secret cannot have are told by their
 * lines: in a file with a quote missing, what looks like a name may be half a key.
 */
export const readDotenv = (
  text: Redacted.Redacted<string>,
  only: ReadonlyArray<SecretName>
): Either.Either<Dotenv, Usage> => {
  const source = Redacted.value(text)
  const all = Object.entries(parse(source))
  if (all.length === 0) return refuse("There is no line NAME=value in it.")
  const wanted = all.filter(([name]) => only.length === 0 || only.some((one) => one === name))
  const missing = only.filter((name) => !wanted.some(([there]) => there === name))
  if (missing.length > 0) return refuse(`Not there: ${missing.join(", ")}.`)
  const unfit = wanted.filter(([name]) => !isNewSecretName(name)).map(([name]) => lineOf(source, name))
  if (unfit.length > 0) {
    return refuse(
      `A secret's name is 1 to 128 of A-Z, 0-9 and _, a letter first; ${linesOf(unfit)} ${unfit.length === 1 ? "has" : "have"} another one.`,
      "Change it there, or say which to take: tako secrets import FILE NAME…"
    )
  }
  const { cut, unclosed, passedOver } = doubts(source)
  const fit = wanted.filter((entry): entry is [SecretName, string] => isNewSecretName(entry[0]))
  const own = fit.filter(([name]) => only.length === 0 && /^DOTENV_PUBLIC_KEY(?:_|$)/.test(name))
  const named = fit.filter((entry) => !own.includes(entry))
  const sealed = named.filter(([, value]) => value.startsWith("encrypted:"))
  if (sealed.length > 0) {
    return refuse(
      `${counted(sealed.length, "value")} of it ${sealed.length === 1 ? "is" : "are"} encrypted by dotenvx: ${names(sealed)}.`,
      "Decrypt on the way in: dotenvx decrypt --stdout | tako secrets import --env NAME"
    )
  }
  return Either.right({
    values: new Map(
      named.flatMap(([name, value]) => (value === "" ? [] : [[name, Redacted.make(value)] as const]))
    ),
    own: namesOf(own),
    empty: namesOf(named.filter(([, value]) => value === "")),
    references: namesOf(named.filter(([, value]) => /\$\{[A-Za-z_]/.test(value))),
    cut: namesOf(named.filter(([name]) => cut.has(name))),
    unclosed: namesOf(named.filter(([name]) => unclosed.has(name))),
    oneLine: namesOf(named.filter(([, value]) => /^-----BEGIN [^\n]*\\n/.test(value))),
    passedOver: passedOver.length === 0 ? undefined : linesOf(passedOver)
  })
}

/** Where dotenv may have read something else than was meant; it does so without a word. */
const doubts = (source: string) => {
  const lines = source.split(/\r\n?|\n/)
  const cut = new Set<string>()
  const unclosed = new Set<string>()
  const passedOver: Array<number> = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ""
    const [[name, value] = []] = Object.entries(parse(line))
    if (name === undefined || value === undefined) {
      if (!/^\s*(?:#|$)/.test(line)) passedOver.push(at + 1)
      continue
    }
    // dotenv leaves a quote where it is if it is the beginning of the value alone.
    const open = /^['"`]/.exec(value)?.[0]
    const end = open === undefined ? at : endOf(lines, at, name, open)
    // Of a name that stands there more than once, the last one counts.
    note(cut, name, !/[=:]\s*['"`]/.test(line) && /^[^#]*[^\s#]#/.test(line))
    note(unclosed, name, open !== undefined && end === at)
    at = end
  }
  return { cut, unclosed, passedOver }
}

/** The line that a value of several lines ends on; the one that it begins on if its quote is not closed. */
const endOf = (lines: ReadonlyArray<string>, start: number, name: string, quote: string): number => {
  const closes = new RegExp(`${quote}\\s*(?:#.*)?$`)
  const end = lines.findIndex((line, at) => at > start && closes.test(line))
  const whole = parse(lines.slice(start, end + 1).join("\n"))[name]
  return end > start && whole?.startsWith(quote) === false ? end : start
}

const note = (names: Set<string>, name: string, isSo: boolean) =>
  isSo ? names.add(name) : names.delete(name)

type Entries = ReadonlyArray<readonly [name: SecretName, value: string]>

const namesOf = (entries: Entries): ReadonlyArray<SecretName> => entries.map(([name]) => name)
const names = (entries: Entries): string => namesOf(entries).join(", ")

/** From 1; of a name that stands there more than once, the last. */
const lineOf = (source: string, name: string): number =>
  source.split(/\r\n?|\n/).findLastIndex((line) => {
    const text = line.trimStart().replace(/^export\s+/, "")
    return text.startsWith(name) && !/^[\w.-]/.test(text.slice(name.length))
  }) + 1

const linesOf = (lines: ReadonlyArray<number>): string =>
  lines.length === 1 ? `line ${lines[0]}` : `lines ${lines.slice(0, -1).join(", ")} and ${lines.at(-1)}`

const refuse = (problem: string, hint?: string) =>
  Either.left(new Usage({ problem, ...omitUndefined({ hint }) }))
