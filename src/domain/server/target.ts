/** A server as a client knows it: a `[[servers]]` of config.toml, or `local`. */
export interface Target {
  /** For people. */
  readonly name: string
  /** The path of tako-server's socket, on its host. */
  readonly socket: string
  /** How its host is reached; without it, it is this one. */
  readonly ssh?: {
    /** An SSH destination, as ssh(1) takes it. */
    readonly host: string
    readonly port?: number
    readonly user?: string
  }
}
