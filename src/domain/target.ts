import { type Destination, shownDestination } from "./server-registry/destination.ts"

/** A tako-server as its client addresses it. `_tag` names the connector that a Transport reaches it by. */
export type Target = LocalTarget | SshTarget | CustomTarget

/** A server on this machine. */
export interface LocalTarget {
  readonly _tag: "Local"
  /** For people. */
  readonly name: string
  /** The path of its unix socket. */
  readonly socket: string
}

/** A server on a host that ssh can log in to. */
export interface SshTarget {
  readonly _tag: "Ssh"
  readonly name: string
  /** The path of its unix socket on that host. */
  readonly socket: string
  readonly ssh: Destination
}

/**
 * A server that an embedder reaches in a way of its own: extend it with what that needs, and give the Transport a connector
 * of the same `_tag`. The prefix keeps these tags apart from those that tako may add.
 */
export interface CustomTarget {
  readonly _tag: `Custom/${string}`
  readonly name: string
}

/** Where a server is, for people. */
export const shownTarget = (target: Target): string => {
  switch (target._tag) {
    case "Local":
      return "this machine"
    case "Ssh":
      return shownDestination(target.ssh)
    default:
      return target._tag.slice("Custom/".length)
  }
}
