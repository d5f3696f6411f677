import type * as Brand from "effect/Brand"

/** The number of one set of secrets of an app: 1, 2, 3 …; a number that was committed is never given again. */
export type Revision = number & Brand.Brand<"Revision">

export const first = 1 as Revision

export const isRevision = (value: unknown): value is Revision =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 1
