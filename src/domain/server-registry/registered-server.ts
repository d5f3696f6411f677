import type { SshTarget } from "../target.ts"
import type { Destination } from "./destination.ts"

/** A server of config.toml. */
export interface RegisteredServer {
  readonly name: string
  /** The path of tako-server's socket on its host. */
  readonly socket: string
  readonly ssh: Destination
}

export const sshTarget = ({ name, socket, ssh }: RegisteredServer): SshTarget => ({
  _tag: "Ssh",
  name,
  socket,
  ssh
})

/** Where tako-server's socket is by default. */
export const defaultSocket = "/run/tako/tako.sock"

/** The name of the server on this machine; no other server may have it. */
export const localName = "local"

/** 1 to 63 of A-Z, a-z, 0-9 and `. _ -`, starting with a letter or a digit, and not `local`. */
export const isServerName = (text: string): boolean =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text) && text !== localName

/** An absolute path of printable ASCII without spaces, of at most 107 bytes, the limit for sockets (unix(7)). */
export const isSocketPath = (text: string): boolean => /^\/[\x21-\x7e]{1,106}$/.test(text)
