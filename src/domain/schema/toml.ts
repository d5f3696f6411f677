/**
 * Normalizes the output of a TOML parser, so that one Schema fits both TOML and JSON: integers, which arrive as bigint, become
 * numbers where possible. Dates and fractions, which no format of ours uses, become undefined, which no schema accepts.
 */
export const plainToml = (value: unknown): unknown => {
  if (typeof value === "bigint") return isSafe(value) ? Number(value) : value
  if (typeof value === "number" || value instanceof Date) return undefined
  if (Array.isArray(value)) return value.map(plainToml)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plainToml(member)]))
}

const isSafe = (value: bigint): boolean =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
