import type { ServerOptions } from "./options.ts"

/** What a person should know of how this server runs; told at every start. */
export const warnings = (
  { ids, memoryOnly, group, keyFile }: ServerOptions,
  { isRoot, hasCredential }: { readonly isRoot: boolean; readonly hasCredential: boolean }
): ReadonlyArray<string> => [
  ...(ids === undefined
    ? [
        isRoot
          ? "every app runs as root (--uids none): each can read all secrets of all apps, and everything else"
          : "not started as root, so every app runs as this user: each can read this server's key, its socket and all secrets"
      ]
    : []),
  ...(memoryOnly
    ? ["secrets are kept in memory alone (--memory-only): after a restart apps wait for a sync"]
    : hasCredential
      ? []
      : [
          `the server key is the file ${keyFile}: that protects backups of the data directory, not a stolen disk`
        ]),
  ...(group === undefined
    ? []
    : [`members of group ${group} may use the socket: that is full control of every app and its secrets`])
]
