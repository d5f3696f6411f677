/** "SIGTERM" and the like, as node:os names them. */
export type SignalName = `SIG${string}`

/** How a process ended. */
export type ProcessExit =
  | { readonly _tag: "Exited"; readonly code: number }
  | { readonly _tag: "Signalled"; readonly signal: SignalName }
