import * as Net from "node:net"

/** What a client receives on the socket, until the server ends the connection or `enough` has arrived. */
export const ask = (
  path: string,
  send: (socket: Net.Socket) => void,
  enough: (received: string) => boolean = () => false
): Promise<string> =>
  new Promise((resolve) => {
    let received = ""
    const socket = Net.connect(path, () => send(socket))
    const done = () => {
      socket.destroy()
      resolve(received)
    }
    socket.on("data", (chunk) => {
      received += chunk.toString("utf8")
      if (enough(received)) done()
    })
    socket.on("error", () => {})
    socket.on("close", done)
  })

/** Sends one request, and returns the response. */
export const askLine = (path: string, line: string): Promise<string> =>
  ask(
    path,
    (socket) => socket.write(`${line}\n`),
    (received) => received.endsWith("\n")
  )
