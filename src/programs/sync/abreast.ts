/** How many servers are spoken to at the same time. */
export const abreast = { concurrency: 16 } as const
