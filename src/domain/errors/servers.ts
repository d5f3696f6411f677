import * as Data from "effect/Data"
import { isServerName } from "../server-registry/registered-server.ts"

/** config.toml has no server of this name. Exit 1. */
export class ServerNotFound extends Data.TaggedError("ServerNotFound")<{
  readonly server: string
  readonly suggestion?: string
}> {
  override get message(): string {
    // What could not be a name may be anything that was pasted.
    const isName = isServerName(this.server)
    const what = `There is no server ${isName ? this.server : "of that name"} in config.toml.`
    // A colleague's tako.toml names servers that this machine has not heard of.
    const add = isName ? `; to add it: tako servers add ${this.server} HOST` : ""
    return this.suggestion === undefined
      ? `${what}\nSee which there are: tako servers ls${add}`
      : `${what}\nDid you mean ${this.suggestion}?`
  }
}

/** config.toml has a server of this name already. Exit 1. */
export class ServerExists extends Data.TaggedError("ServerExists")<{
  readonly server: string
  /** How that one is reached. */
  readonly destination: string
}> {
  override get message(): string {
    return `There is a server ${this.server} already (${this.destination}). Nothing was changed.\nTo replace it: tako servers rm ${this.server}`
  }
}
