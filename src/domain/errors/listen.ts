import * as Data from "effect/Data"
import { explain } from "./files.ts"

/** The front of an app could not listen on its address. Exit 1. */
export class ListenFailed extends Data.TaggedError("ListenFailed")<{
  readonly host: string
  readonly port: number
  /** The errno's name (listen(2), bind(2)), or ENOTFOUND for a host that does not resolve. */
  readonly code: string
}> {
  override get message(): string {
    const address = this.host.includes(":") ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`
    switch (this.code) {
      case "EADDRINUSE":
        return `Port ${this.port} is taken: another program listens on ${address}.\nStop it (find it: lsof -i :${this.port}), or choose another port.`
      case "EACCES":
        return `Could not listen on ${address}: only root may use ports below 1024.\nChoose port 1024 or higher, or grant CAP_NET_BIND_SERVICE.`
      case "EADDRNOTAVAIL":
      case "ENOTFOUND":
        return `Could not listen on ${address}: this machine has no address ${this.host}.\nListen on 127.0.0.1, on 0.0.0.0 (every interface), or on one that \`ip address\` shows.`
      default:
        return `Could not listen on ${address}: ${explain(this.code)}.\nChoose another address or port.`
    }
  }
}
