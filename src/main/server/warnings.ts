import type { ServerOptions } from "./options.ts"

/** Security properties of this configuration, printed at every start. */
export const warnings = (
  { ids, memoryOnly, group, keyFile }: ServerOptions,
  { isRoot, hasCredential }: { readonly isRoot: boolean; readonly hasCredential: boolean }
): ReadonlyArray<string> => [
  ...(ids === undefined
    ? [
        isRoot
          ? "every app runs as root (--uids none): each can read the secrets of all apps, and everything else"
          : "not started as root, so every app runs as this user: each can use this server's key and socket, and read all secrets"
      ]
    : []),
  ...(memoryOnly
    ? ["secrets are kept in memory only (--memory-only): after a restart apps wait for a sync"]
    : hasCredential
      ? []
      : [
          `the server key is the file ${keyFile}: this protects backups of the data directory, but not a stolen disk`
        ]),
  ...(group === undefined
    ? []
    : [`members of group ${group} may use the socket, and so have full control of every app and its secrets`])
]
