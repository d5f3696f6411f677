// The demo's own tako-server.
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"

/** Starts a tako-server; `stop` ends it by pid, and its apps with it. */
export const startServer = async (folder, environment) => {
  const bin = Path.resolve(import.meta.dirname, "../../dist/tako-server.cjs")
  const socket = Path.join(folder, "tako.sock")
  const log = Path.join(folder, "server.log")
  const fd = Fs.openSync(log, "w")
  const child = spawn(
    process.execPath,
    [bin, "--data-dir", Path.join(folder, "data"), "--socket", socket, "--window", "1"],
    { env: { PATH: environment.PATH }, stdio: ["ignore", "ignore", fd] }
  )
  Fs.closeSync(fd)
  const ended = new Promise((resolve) => child.once("exit", resolve))
  const stop = async () => {
    child.kill("SIGTERM")
    await ended
  }
  for (let tries = 0; !(await answers(socket)); tries++) {
    if (tries > 200 || child.exitCode !== null) {
      await stop()
      throw new Error(`tako-server did not start:\n${Fs.readFileSync(log, "utf8")}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { socket, stop }
}

const answers = (path) =>
  new Promise((resolve) => {
    const socket = Net.connect(path, () => resolve(true))
    socket.on("error", () => resolve(false))
    socket.on("connect", () => socket.destroy())
  })

/** A free port on loopback. */
export const freePort = () =>
  new Promise((resolve, reject) => {
    const listener = Net.createServer().on("error", reject)
    listener.listen(0, "127.0.0.1", () => {
      const { port } = listener.address()
      listener.close(() => resolve(port))
    })
  })

/** The deployed app: it answers with a fingerprint of its key, and echoes the request's body. */
export const shop = `
const fs = require("node:fs")
const { token, secrets } = JSON.parse(fs.readFileSync(3, "utf8"))
const key = require("node:crypto").createHash("sha256").update(secrets.STRIPE_KEY).digest("hex").slice(0, 8)
console.log("the app starts with key " + key + ", that is " + secrets.STRIPE_KEY)
const server = require("node:http").createServer((request, response) => {
  const health = request.headers["x-tako-internal-token"]
  if (health !== undefined) return response.setHeader("X-Tako-Internal-Token", token).end(token)
  let echo = ""
  request.setEncoding("utf8").on("data", (piece) => { echo += piece })
  request.on("end", () => response.end(JSON.stringify({ key, echo })))
})
server.listen(0, "127.0.0.1", () => { fs.writeSync(4, server.address().port + "\\n"); fs.closeSync(4) })
process.on("SIGTERM", () => server.close(() => process.exit(0)))
`
