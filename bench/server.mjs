// What tako-server costs: starts, rollouts, memory, idle connections. node bench/server.mjs [ROUNDS], after npm run
// build.
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { setTimeout } from "node:timers/promises"
import { median } from "./measure.mjs"

const rounds = Number(process.argv[2] ?? 9)
const bin = process.env.TAKO_SERVER_BIN ?? Path.resolve(import.meta.dirname, "../dist/tako-server.cjs")
const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-server-bench-"))
// As root, tako-server runs each app as a user of its own, who must be able to enter this folder.
Fs.chmodSync(folder, 0o755)
const socket = Path.join(folder, "s")

const app = `
const Fs = require("node:fs")
const { token } = JSON.parse(Fs.readFileSync(3, "utf8"))
const server = require("node:http").createServer((request, response) => {
  response.setHeader("X-Tako-Internal-Token", token)
  response.end("ok")
})
process.on("SIGTERM", () => process.exit(0))
server.listen(0, "127.0.0.1", () => Fs.writeSync(4, server.address().port + "\\n"))`
Fs.writeFileSync(Path.join(folder, "app.cjs"), app)

/** Milliseconds from a plain spawn until the app has reported its port. */
const plainStart = async () => {
  const from = performance.now()
  const child = spawn("node", ["app.cjs"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"]
  })
  child.stdio[3].end('{"token":"t"}')
  await once(child.stdio[4], "data")
  const taken = performance.now() - from
  child.kill("SIGKILL")
  await once(child, "exit")
  return taken
}

/** Sends one request to the server, and returns how many ms the answer took. */
const call = (request) =>
  new Promise((resolve, reject) => {
    let received = ""
    const from = performance.now()
    const client = Net.connect(socket, () => client.write(`${JSON.stringify(request)}\n`))
    client.setEncoding("utf8").on("error", reject)
    client.on("data", (text) => {
      received += text
      if (!received.endsWith("\n")) return
      client.destroy()
      const { status, message } = JSON.parse(received)
      if (status === "ok") resolve(performance.now() - from)
      else reject(new Error(message))
    })
  })

const resident = ({ pid }) =>
  Number(/VmRSS:\s+(\d+)/.exec(Fs.readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024

const deploy = (name, listen) => {
  const common = {
    command: "deploy",
    app: `${name}/production`,
    directory: folder,
    start: ["node", "app.cjs"]
  }
  return call({ ...common, ...(listen === undefined ? {} : { listen }), instances: 1 })
}

/** Opens connections, each of which gets one answer and then stays open. */
const idleConnections = async (port, count) => {
  const clients = []
  while (clients.length < count) {
    const some = Array.from({ length: Math.min(50, count - clients.length) }, async () => {
      const client = Net.connect(port, "127.0.0.1")
      client.write("GET / HTTP/1.1\r\nHost: bench\r\n\r\n")
      await once(client, "data")
      return client
    })
    clients.push(...(await Promise.all(some)))
  }
  return clients
}

const freePort = async () => {
  const server = Net.createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address()
  server.close()
  return port
}

const server = spawn(
  process.execPath,
  [bin, "--data-dir", Path.join(folder, "data"), "--socket", socket, "--window", "0.001"],
  { stdio: ["ignore", "ignore", "pipe"] }
)
let log = ""
server.stderr.setEncoding("utf8").on("data", (text) => {
  log += text
})
try {
  while (!log.includes("tako-server listening")) {
    if (server.exitCode !== null) throw new Error(log)
    await setTimeout(20)
  }
  await setTimeout(2000)
  const idle = resident(server)

  const port = await freePort()
  await deploy("shop", `127.0.0.1:${port}`)
  for (let nth = 1; nth < 10; nth++) await deploy(`app${nth}`)
  await setTimeout(2000)
  const withTen = resident(server)
  for (let nth = 1; nth < 10; nth++) await call({ command: "stop", app: `app${nth}/production` })

  const taken = { plain: [], scale: [], roll: [] }
  for (let round = -1; round < rounds; round++) {
    const plain = await plainStart()
    const scale = await call({ command: "scale", app: "shop/production", instances: 2 })
    await call({ command: "scale", app: "shop/production", instances: 1 })
    const secrets = { ROUND: `${round}` }
    const roll = await call({ command: "update_secrets", app: "shop/production", secrets })
    if (round < 0) continue
    for (const [name, time] of Object.entries({ plain, scale, roll })) taken[name].push(time)
  }

  const before = resident(server)
  const connections = 5000
  const clients = await idleConnections(port, connections)
  await setTimeout(1000)
  const each = ((resident(server) - before) * 1024) / connections
  for (const client of clients) client.destroy()

  const beyond = (name) => median(taken[name].map((time, round) => time - taken.plain[round]))
  const ratio = (name) => median(taken[name].map((time, round) => time / taken.plain[round]))
  const line = (what, result, target = "") => console.log(`| ${what} | ${result} | ${target} |`)
  const times = (name) => `${beyond(name).toFixed(0)} ms more, ${ratio(name).toFixed(2)} times`
  console.log(
    `${Os.availableParallelism()} cores (${Os.cpus()[0].model.trim()}), ${Os.type()} ${Os.release().split("-")[0]}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}; load ${Os.loadavg()[0].toFixed(1)}; ${rounds} rounds.`
  )
  line("a plain spawn, until the app reports its port", `${median(taken.plain).toFixed(0)} ms`)
  line("one more instance (`scale`), until it serves", times("scale"))
  line("a rollout of an idle app, until the old one ended", times("roll"))
  line("memory, idle", `${idle.toFixed(0)} MiB`, "at most 70")
  line("memory, 10 apps", `${withTen.toFixed(0)} MiB`)
  line(`memory per idle connection, of ${connections}`, `${each.toFixed(1)} KiB`)
} finally {
  server.kill("SIGTERM")
  if (server.exitCode === null) await once(server, "exit")
  Fs.rmSync(folder, { recursive: true, force: true })
}
