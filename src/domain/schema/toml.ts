/**
 * What a TOML parser gives, so that one Schema fits TOML and JSON: whole numbers, which arrive as bigint, are numbers where a
 * number can hold them. Dates and fractions, which nothing of ours takes, are undefined; no schema accepts that.
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
