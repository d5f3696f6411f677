/** How known_hosts identifies a host (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface HostIdentity {
  /** Lower case; `[host]:port` if the port is not 22. */
  readonly name: string
  /** The name without the port, whose entries also identify a key. Absent with a HostKeyAlias. */
  readonly withoutPort?: string
  /** Absolute paths; missing files count as empty. New keys are added to the first. */
  readonly files: ReadonlyArray<string>
  /** Whether new lines hash the name (HashKnownHosts). */
  readonly hashed: boolean
}

/** Identifies a host by its name and port, or by the alias that its configuration gives it (HostKeyAlias). */
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

/** The file of a configuration that keeps no host keys (UserKnownHostsFile none, or this path). */
export const nowhere = "/dev/null"

/** Whether a key of the host could not be remembered. */
export const isForgotten = ({ files }: HostIdentity): boolean => files[0] === nowhere

/** What known_hosts says about a key that a host presents. */
export type Verdict = "known" | "unknown" | "changed" | "revoked"
