/** No format of ours nests half as deep; a dotted key of a hostile file nests as deep as its author likes. */
const maxDepth = 16

/**
 * Normalizes the output of a TOML parser, so that one Schema fits both TOML and JSON: integers, which arrive as bigint, become
 * numbers where possible. Dates and fractions, which no format of ours uses, and what lies deeper than 16 levels become
 * undefined, which no schema accepts.
 */
export const plainToml = (value: unknown, depth = 0): unknown => {
  if (typeof value === "bigint") return isSafe(value) ? Number(value) : value
  if (typeof value === "number" || value instanceof Date) return undefined
  if (typeof value !== "object" || value === null) return value
  if (depth === maxDepth) return undefined
  if (Array.isArray(value)) return value.map((member) => plainToml(member, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plainToml(member, depth + 1)]))
}

const isSafe = (value: bigint): boolean =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
