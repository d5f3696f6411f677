const shortages: ReadonlySet<string> = new Set([
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EADDRNOTAVAIL",
  "EADDRINUSE"
])

/** Whether a connection came to nothing for want of our own: of descriptors, of memory, of a port to begin at. */
export const isShortage = (errno: string | undefined): boolean => errno !== undefined && shortages.has(errno)
