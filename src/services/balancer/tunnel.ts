import { validateHeaderName, validateHeaderValue } from "node:http"
import type { Socket } from "node:net"
import type { ResponseHead } from "./response.ts"
import type { Connection } from "./upstream.ts"

/** A client's connection that Node's server has let go of, because the client wants to upgrade it. */
export interface Detached {
  readonly socket: Socket
  /** What came after the head. */
  readonly first: Buffer
  /** Without it, this is an ordinary request, the last one of its connection. */
  readonly protocol: string | undefined
}

/**
 * How long a client is answered that has closed its side, while nothing moves: milliseconds. It may have only its request
 * behind it (`nc -N`), or be gone altogether: TCP tells the two apart by the next byte that is sent to it.
 */
export const halfClosedLimit = 3000

/** Answers an upgrade with the backend's 101, and joins the two connections: the end of one is the end of the other. */
export const joinTunnel = (
  { socket: client, first }: Detached,
  connection: Connection,
  head: ResponseHead
): void => {
  client.write(switching(head), "latin1")
  client.setTimeout(0)
  connection.becomeTunnel({
    bytes: (bytes) => {
      if (!client.write(Buffer.from(bytes))) connection.pause()
    },
    end: () => client.end(),
    writable: () => client.resume(),
    closed: () => client.destroySoon()
  })
  client.on("drain", () => connection.resume())
  const goesOn = connection.write(first)
  client.on("data", (bytes: Buffer) => {
    if (!connection.write(bytes)) client.pause()
  })
  const ended = () => {
    connection.end()
    // Not every app closes its side then: Node leaves that to those who take an upgrade.
    client.setTimeout(halfClosedLimit, () => client.destroy())
  }
  if (client.readableEnded) ended()
  else client.on("end", ended)
  client.on("close", () => connection.destroy())
  if (!goesOn) client.pause()
}

/** Throws on what must not be in a head. */
const switching = ({ reason, fields, upgrade = "" }: ResponseHead): string => {
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
