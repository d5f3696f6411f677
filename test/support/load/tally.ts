/** What clients ask for over and over, and the two kinds of stream that stay open. */
export const kinds = ["get", "post", "new connection", "slow", "idle", "websocket", "events"] as const

export type Kind = (typeof kinds)[number]

/** How a stream ended that had begun well: told so by its app, or cut off. */
export interface StreamEnd {
  readonly kind: Kind
  /** Of the instance that it was open to. */
  readonly pid: number
  readonly how: "told" | "cut"
}

/** What went through, by kind, and what went wrong. */
export interface Tally {
  readonly served: Partial<Record<Kind, number>>
  readonly failures: Partial<Record<Kind, { count: number; readonly first: string }>>
  /** By which revision answers were given. */
  readonly revisions: Record<string, number>
  readonly ends: Array<StreamEnd>
}

export const emptyTally = (): Tally => ({ served: {}, failures: {}, revisions: {}, ends: [] })

export const countServed = ({ served }: Tally, kind: Kind): void => {
  served[kind] = (served[kind] ?? 0) + 1
}

export const countFailed = ({ failures }: Tally, kind: Kind, problem: unknown): void => {
  const known = failures[kind]
  if (known !== undefined) known.count++
  else failures[kind] = { count: 1, first: problem instanceof Error ? problem.message : String(problem) }
}

/** How many requests were answered; what comes over an open stream does not count. */
export const totalOf = ({ served: { websocket: _, events: __, ...requests } }: Tally): number =>
  Object.values(requests).reduce((sum, count) => sum + count, 0)
