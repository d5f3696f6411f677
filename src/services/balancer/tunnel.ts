import { validateHeaderName, validateHeaderValue } from "node:http"
import type { Socket } from "node:net"
import type { ResponseHead } from "./response.ts"
import type { Connection } from "./upstream.ts"

/** A client's connection after a request with an Upgrade field: Node's server handles it no further. */
export interface DetachedClient {
  readonly socket: Socket
  /** The bytes that followed the request's head. */
  readonly first: Buffer
  /** Undefined for a protocol that is not forwarded: the request is an ordinary one, the last of its connection. */
  readonly protocol: string | undefined
}

/**
 * How long a client that closed its side still gets an answer while nothing moves: milliseconds. It may only have sent all
 * it had to (`nc -N`), or be gone altogether. TCP reveals which when the next bytes are sent to it.
 */
export const halfClosedLimit = 3000

/** Sends the backend's 101, and connects the two sockets. Each ends with the other. */
export const joinTunnel = (
  { socket: client, first }: DetachedClient,
  connection: Connection,
  head: ResponseHead
): void => {
  client.write(headText(head), "latin1")
  client.setTimeout(0)
  connection.switchToTunnel({
    onBytes: (bytes) => {
      if (!client.write(Buffer.from(bytes))) connection.pause()
    },
    onEnd: () => client.end(),
    onDrain: () => client.resume(),
    onClose: () => client.destroySoon()
  })
  client.on("drain", () => connection.resume())
  const hasRoom = connection.write(first)
  client.on("data", (bytes: Buffer) => {
    if (!connection.write(bytes)) client.pause()
  })
  const ended = () => {
    connection.end()
    // Not every app closes its side then: Node leaves that to the handler of an upgrade.
    client.setTimeout(halfClosedLimit, () => client.destroy())
  }
  if (client.readableEnded) ended()
  else client.on("end", ended)
  client.on("close", () => connection.destroy())
  if (!hasRoom) client.pause()
}

/** Throws if a part of it must not be in a head. */
const headText = ({ reason, fields, upgrade = "" }: ResponseHead): string => {
  validateHeaderValue("reason", reason)
  validateHeaderValue("Upgrade", upgrade)
  let text = `HTTP/1.1 101 ${reason || "Switching Protocols"}\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n`
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    const value = fields[i + 1] as string
    validateHeaderName(name)
    validateHeaderValue(name, value)
    text += `${name}: ${value}\r\n`
  }
  return `${text}\r\n`
}
