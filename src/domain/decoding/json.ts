import { integerLike } from "./decoder.ts"

/** A whole number, which JSON writes as it writes every other. */
export const integer = integerLike(
  (value): value is number => typeof value === "number" && Number.isSafeInteger(value)
)
