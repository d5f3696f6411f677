import type { Environment, Environments } from "./environments.ts"

/**
 * The canonical form of the file: environments and names sorted by code unit, two spaces of indent, a newline at the end,
 * and unknown fields after our two.
 */
export const print = (environments: Environments): string =>
  `${printObject(sorted(environments), (environment) => printEnvironment(environment), "")}\n`

const printEnvironment = ({ salt, secrets, unknownFields }: Environment): string =>
  printObject(
    [
      ["salt", JSON.stringify(salt)],
      ["secrets", printObject(sorted(secrets), (sealed) => JSON.stringify(sealed), "    ")],
      ...Object.entries(unknownFields).map(
        ([name, value]) => [name, JSON.stringify(value, null, 2).replaceAll("\n", "\n    ")] as const
      )
    ],
    (text) => text,
    "  "
  )

/** Built by hand: an object would put keys such as "12" first, and swallow "__proto__". */
const printObject = <A>(
  members: ReadonlyArray<readonly [string, A]>,
  value: (a: A) => string,
  indent: string
): string => {
  if (members.length === 0) return "{}"
  const lines = members.map(([name, a]) => `${indent}  ${JSON.stringify(name)}: ${value(a)}`)
  return `{\n${lines.join(",\n")}\n${indent}}`
}

const sorted = <K extends string, A>(map: ReadonlyMap<K, A>): ReadonlyArray<readonly [K, A]> =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1))
