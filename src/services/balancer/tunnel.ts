import { validateHeaderName, validateHeaderValue } from "node:http"
import type { Socket } from "node:net"
import type { Connection } from "./connection.ts"
import type { ResponseHead } from "./response-head.ts"

/** A client's connection that Node's server has let go of, because the client wants to upgrade it. */
export interface Detached {
  readonly socket: Socket
  /** What came after the head. */
  readonly first: Buffer
  /** Without it, this is an ordinary request, the last one of its connection. */
  readonly protocol: string | undefined
}

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
  if (client.readableEnded) connection.end()
  else client.on("end", () => connection.end())
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
