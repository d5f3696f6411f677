import * as Net from "node:net"

/** What a client of the socket receives: all of it, until the server ends or `enough` of it is there. */
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

/** One request, one response. */
export const askLine = (path: string, line: string): Promise<string> =>
  ask(
    path,
    (socket) => socket.write(`${line}\n`),
    (received) => received.endsWith("\n")
  )
