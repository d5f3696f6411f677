import * as Net from "node:net"
import { hello, hostile } from "../../services/transport/hostile.ts"

/** Answers as tako-server does until it receives secrets, and then with this. */
export const answersWith = (answer: (line: string) => string) => () =>
  hostile((socket, line) => {
    if (line.includes('"hello"')) socket.write(hello)
    else if (line.includes('"secrets"')) socket.write(`${answer(line)}\n`, "latin1")
    else if (line !== "") socket.write('{"status":"error","message":"There is no such app."}\n')
  })

/** Delivers secrets twice, as if another client had sent them first; the command sees only the second answer. */
export const deliversTwice = (server: string) => {
  const connections = new Map<Net.Socket, Net.Socket>()
  return hostile((client, line) => {
    if (line === "") {
      const connection = Net.connect(server)
      connections.set(client, connection)
      connection.on("data", (chunk) => client.write(chunk))
      client.once("close", () => connection.destroy())
      return
    }
    const deliver = () => connections.get(client)?.write(`${line}\n`, "latin1")
    if (!line.includes('"secrets"')) return deliver()
    const other = Net.connect(server, () => other.write(`${line}\n`, "latin1"))
    other.once("data", () => {
      other.destroy()
      deliver()
    })
  })
}
