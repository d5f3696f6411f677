import * as Either from "effect/Either"
import { AccessorsCollide } from "../errors/typegen.ts"
import type { SecretName } from "../names.ts"
import { type KnownName, whereSet } from "./known-names.ts"

/** DATABASE_URL becomes DatabaseUrl. */
export const accessor = (name: SecretName): string =>
  name
    .split("_")
    .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
    .join("")

/**
 * `tako_secrets.go`: our Go source with another package name, and these names between its two marks. Two names with the
 * same accessor are an error.
 */
export const go = (
  names: ReadonlyArray<KnownName>,
  source: string,
  packageName: string
): Either.Either<string, AccessorsCollide> => {
  const seen = new Map<string, SecretName>()
  for (const { name } of names) {
    const other = seen.get(accessor(name))
    if (other !== undefined) {
      return Either.left(new AccessorsCollide({ accessor: accessor(name), names: [other, name] }))
    }
    seen.set(accessor(name), name)
  }
  return Either.right(
    source
      .replace(/^package \w+$/m, () => `package ${packageName}`)
      .replace(
        /^(\/\/ tako:names begin\n)[\s\S]*?(?=^\/\/ tako:names end$)/m,
        (_, mark: string) => `${mark}\n${declaration(names)}\n`
      )
  )
}

const declaration = (names: ReadonlyArray<KnownName>): string => {
  const example = names[0]?.name
  const gives = example === undefined ? "" : `: Secrets.${accessor(example)}() gives ${example}`
  return `type takoSecrets struct {
	takoRedacted
${names.map(field).join("")}}

// Secrets has a function for each secret of the project${gives}.
// Any number of goroutines may call them. One that this program was not given panics, and says how to set it.
var Secrets = takoSecrets{
	takoRedacted{},
${names.map(({ name }) => `\ttakoSecret("${name}"),\n`).join("")}}
`
}

const field = ({ name, environments }: KnownName): string =>
  `\t// ${name}, set in ${whereSet(environments)}.\n\t${accessor(name)} func() string\n`

/**
 * The package of a Go source file; undefined if there is none, or the file is not built (`//go:build ignore`), or it is a test,
 * whose package may differ from its folder's.
 */
export const goPackage = (file: string, text: string): string | undefined => {
  if (!file.endsWith(".go") || file.endsWith("_test.go")) return undefined
  if (/^\/\/go:build ignore\s*$/m.test(text)) return undefined
  const code = text.replace(/^\uFEFF/, "").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")
  return /^\s*package\s+([\p{L}_][\p{L}\p{Nd}_]*)/u.exec(code)?.[1]
}
