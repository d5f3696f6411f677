// Measures requests per second through tako's front, through HAProxy and straight to the app, in alternation:
//   node bench/front.mjs [rounds [seconds [checkout]]]
// With another checkout of tako, its front is measured too. Needs haproxy and wrk (the Debian packages of those names).
// Compare ratios, not rates: each ratio is taken within one round, because a busy machine changes between rounds.
import { spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { build } from "esbuild"

const rounds = Number(process.argv[2] ?? 7)
const seconds = Number(process.argv[3] ?? 3)
const other = process.argv[4]
const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-front-"))
const children = []
const start = (command, ...args) => {
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] })
  children.push(child)
  return child
}

const freePort = () =>
  new Promise((resolve) => {
    const server = Net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

const accepting = async (port) => {
  for (let i = 0; i < 500; i++) {
    const open = await new Promise((resolve) => {
      const socket = Net.connect(port, "127.0.0.1", () => resolve(socket.destroy() !== undefined))
      socket.on("error", () => resolve(false))
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`nobody listens on ${port}`)
}

/**
 * Processor time of a process in ticks of 10 ms, and its resident memory in MiB (proc_pid_stat(5),
 * proc_pid_status(5)).
 */
const ticks = ({ pid }) => {
  const fields = Fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ")
  return Number(fields[11]) + Number(fields[12])
}
const resident = ({ pid }) =>
  Number(/VmRSS:\s+(\d+)/.exec(Fs.readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024

const rate = (port) => {
  const url = `http://127.0.0.1:${port}/`
  const { stdout } = spawnSync("wrk", ["-t1", "-c32", `-d${seconds}`, url], { encoding: "utf8" })
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1])
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

const app = `require("node:http").createServer((_, response) => {
  response.writeHead(200, { "content-type": "text/plain", "content-length": 100 })
  response.end("x".repeat(100))
}).listen(Number(process.argv[2]), "127.0.0.1")`

const front = `import * as Effect from "effect/Effect"
import { Balancer } from "./src/services/balancer/balancer.ts"
import { layer } from "./src/services/balancer/layer.ts"
Effect.runFork(Effect.scoped(Effect.gen(function* () {
  const { open } = yield* Balancer
  const front = yield* open({ host: "127.0.0.1", port: Number(process.argv[2]) })
  yield* front.add({ id: "app", port: Number(process.argv[3]) })
  return yield* Effect.never
})).pipe(Effect.provide(layer)))`

try {
  Fs.writeFileSync(Path.join(folder, "app.cjs"), app)
  const ports = { direct: await freePort(), haproxy: await freePort(), tako: await freePort() }
  const checkouts = { tako: Path.resolve(import.meta.dirname, "..") }
  if (other !== undefined) {
    ports.other = await freePort()
    checkouts.other = Path.resolve(other)
  }
  for (const [who, checkout] of Object.entries(checkouts))
    await build({
      stdin: { contents: front, resolveDir: checkout, loader: "ts" },
      bundle: true,
      platform: "node",
      format: "cjs",
      outfile: Path.join(folder, `${who}.cjs`)
    })
  Fs.writeFileSync(
    Path.join(folder, "haproxy.cfg"),
    `global
  nbthread 1
defaults
  mode http
  option forwardfor
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen app
  bind 127.0.0.1:${ports.haproxy}
  server app 127.0.0.1:${ports.direct}
`
  )
  const processes = {
    direct: start(process.execPath, Path.join(folder, "app.cjs"), `${ports.direct}`),
    haproxy: start("haproxy", "-db", "-f", Path.join(folder, "haproxy.cfg"))
  }
  for (const who of Object.keys(checkouts))
    processes[who] = start(
      process.execPath,
      Path.join(folder, `${who}.cjs`),
      `${ports[who]}`,
      `${ports.direct}`
    )
  for (const port of Object.values(ports)) await accepting(port)
  const contenders = Object.keys(ports)
  const idle = resident(processes.tako)
  const measured = []
  // The first round is a warm-up.
  for (let round = 0; round <= rounds; round++) {
    const rates = {}
    const spent = {}
    for (const who of contenders) {
      const before = ticks(processes[who])
      rates[who] = rate(ports[who])
      spent[who] = ((ticks(processes[who]) - before) * 10_000) / (rates[who] * seconds)
    }
    if (round > 0) measured.push({ rates, spent })
  }
  const of = (pick) => median(measured.map(pick))
  console.log(
    `${Os.cpus().length} cores (${Os.cpus()[0].model}), Node ${process.versions.node}, load ${Os.loadavg()[0].toFixed(1)}`
  )
  console.log(`medians of ${rounds} rounds of ${seconds} s, 32 connections, 100 bytes`)
  for (const who of contenders)
    console.log(
      `${who.padEnd(8)} ${of(({ rates }) => rates[who])
        .toFixed(0)
        .padStart(6)} requests/s  ${of(({ spent }) => spent[who])
        .toFixed(0)
        .padStart(4)} us of CPU each`
    )
  const ratio = (one, two) => {
    const ratios = measured.map(({ rates }) => rates[one] / rates[two]).sort((a, b) => a - b)
    const [least, most] = [ratios[0], ratios[ratios.length - 1]].map((each) => each.toFixed(2))
    console.log(`${one} / ${two}: ${median(ratios).toFixed(2)} (${least} to ${most})`)
  }
  ratio("tako", "haproxy")
  ratio("tako", "direct")
  ratio("haproxy", "direct")
  if (other !== undefined) ratio("other", "tako")
  console.log(
    `resident: ${idle.toFixed(0)} MiB idle, ${resident(processes.tako).toFixed(0)} MiB after the load`
  )
} finally {
  for (const child of children) child.kill("SIGKILL")
  Fs.rmSync(folder, { recursive: true, force: true })
}
