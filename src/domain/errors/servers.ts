import * as Data from "effect/Data"
import * as Option from "effect/Option"
import { nearest } from "../did-you-mean.ts"
import { shownDestination } from "../server-registry/destination.ts"
import { isServerName, type RegisteredServer } from "../server-registry/registered-server.ts"

/** config.toml has no server of this name. Exit 1. */
export class ServerNotFound extends Data.TaggedError("ServerNotFound")<{
  readonly server: string
  readonly suggestion?: string
}> {
  override get message(): string {
    // Text that could not be a name may be anything that was pasted, a secret too.
    const isName = isServerName(this.server)
    const what = `There is no server ${isName ? this.server : "of that name"} in config.toml.`
    // A colleague's tako.toml may name servers that were never added on this machine.
    const add = isName ? `; to add it: tako servers add ${this.server} HOST` : ""
    return this.suggestion === undefined
      ? `${what}\nList the servers: tako servers ls${add}`
      : `${what}\nDid you mean ${this.suggestion}?`
  }
}

export const serverNotFound = (
  name: string,
  registered: ReadonlyArray<Pick<RegisteredServer, "name">>
): ServerNotFound =>
  new ServerNotFound({
    server: name,
    ...Option.match(
      nearest(
        name,
        registered.map((one) => one.name)
      ),
      { onNone: () => ({}), onSome: (suggestion) => ({ suggestion }) }
    )
  })

/** config.toml already has a server of this name. Exit 1. */
export class ServerExists extends Data.TaggedError("ServerExists")<{
  readonly server: string
  /** The existing one's, for people. */
  readonly destination: string
}> {
  override get message(): string {
    return `There is already a server ${this.server} (${this.destination}). Nothing was changed.\nTo replace it: tako servers rm ${this.server}`
  }
}

export const serverExists = ({ name, ssh }: RegisteredServer): ServerExists =>
  new ServerExists({ server: name, destination: shownDestination(ssh) })
