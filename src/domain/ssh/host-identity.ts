/** A host as known_hosts knows it (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface HostIdentity {
  /** In lower case; `[host]:port` where the port is not 22. */
  readonly name: string
  /** The name without the port: a key that fits exactly is taken by it, too. Not there with a HostKeyAlias. */
  readonly withoutPort?: string
  /** Absolute paths; those that are not there count as empty. What is new goes to the first. */
  readonly files: ReadonlyArray<string>
  /** Whether a new line hides the name (HashKnownHosts). */
  readonly hashed: boolean
}

/** The identity of a host at a port, or of the alias that its configuration gives it (HostKeyAlias). */
export const hostIdentity = (
  { host, port, alias }: { readonly host: string; readonly port: number; readonly alias?: string },
  { files, hashed }: Pick<HostIdentity, "files" | "hashed">
): HostIdentity => {
  if (alias !== undefined) return { name: alias.toLowerCase(), files, hashed }
  const bare = host.toLowerCase()
  return port === 22
    ? { name: bare, files, hashed }
    : { name: `[${bare}]:${port}`, withoutPort: bare, files, hashed }
}

/** Where a configuration keeps host keys that is to keep none (UserKnownHostsFile none, or this). */
export const nowhere = "/dev/null"

/** Whether no key of the host would be remembered. */
export const isForgotten = ({ files }: HostIdentity): boolean => files[0] === nowhere

/** What known_hosts says of a key that a host presents. */
export type Verdict = "known" | "unknown" | "changed" | "revoked"
