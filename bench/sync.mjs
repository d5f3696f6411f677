// Syncs to 200 servers, 16 at a time, through an sshd on loopback, and compares that with a shell loop over OpenSSH of
// the same concurrency that does less: it only logs in and runs `true`. node bench/sync.mjs [ROUNDS] [SERVERS] [apart],
// after npm run build. Needs sshd, as root or as the user who logs in. Compare the ratios within a round, because sshd
// shares the machine. With "apart", sshd gets one processor and its clients another, as if the servers were other
// machines.
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { median } from "./measure.mjs"

const rounds = Number(process.argv[2] ?? 5)
const servers = Number(process.argv[3] ?? 200)
const isApart = process.argv[4] === "apart"
const concurrency = 16
const bin = process.env.TAKO_BIN ?? Path.resolve(import.meta.dirname, "../dist/tako.cjs")
const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-sync-bench-"))
const at = (name) => Path.join(folder, name)
const children = new Set()

const freePort = () =>
  new Promise((resolve) => {
    const server = Net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

/** sshd run by root insists on /run/sshd, so it gets one in its own mount namespace. */
const namespace =
  process.getuid() === 0
    ? ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"', "sh"]
    : []

// This process plays the servers and starts sshd, so both run on the second processor.
if (isApart) execFileSync("taskset", ["-cp", "1", String(process.pid)], { stdio: "ignore" })
const onOurs = isApart ? ["taskset", "-c", "0"] : []

let sshd

// SHLVL keeps bash from reading a .bashrc, which may take any amount of time (bash(1), INVOCATION).
const startSshd = async () => {
  const port = await freePort()
  for (const name of ["host", "client"]) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", at(name)])
  }
  const publicOf = (name) => Fs.readFileSync(at(`${name}.pub`), "utf8").trim()
  Fs.writeFileSync(
    at("sshd_config"),
    `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${at("host")}\nAuthorizedKeysFile ${at("client.pub")}\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nMaxStartups 500\nSetEnv SHLVL=9\n`
  )
  Fs.writeFileSync(at("known_hosts"), `[127.0.0.1]:${port} ${publicOf("host")}\n`)
  Fs.writeFileSync(
    at("ssh_config"),
    `Host *\nHostName 127.0.0.1\nPort ${port}\nUser ${Os.userInfo().username}\nIdentityFile ${at("client")}\nIdentityAgent none\nIdentitiesOnly yes\nUserKnownHostsFile ${at("known_hosts")}\nGlobalKnownHostsFile none\n`
  )
  const [command, ...args] = [...namespace, "/usr/sbin/sshd", "-D", "-e", "-f", at("sshd_config")]
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] })
  children.add(child)
  sshd = child.pid
  await new Promise((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      if (text.includes("Server listening")) resolve(undefined)
    })
  })
}

/** Listens on one socket per server, and answers there as tako-server does. */
const startServers = async () => {
  let updates = 0
  for (let n = 0; n < servers; n++) {
    let revision = 0
    const answer = ({ command, app }) => {
      if (command === "hello") return { protocol_version: 0, server_version: "1", capabilities: [] }
      if (command === "secrets_state") {
        return {
          app,
          names: [],
          revision: revision || null,
          proven: true,
          key_id: null,
          updated_at: null,
          by: null
        }
      }
      revision++
      updates++
      const done = { status: "updated", app, restarted: true, revision, instances: 2 }
      return { ...done, added: [], changed: [], removed: [] }
    }
    const server = Net.createServer((socket) => {
      let received = ""
      socket.on("error", () => {})
      socket.setEncoding("utf8").on("data", (text) => {
        received += text
        for (let end = received.indexOf("\n"); end >= 0; end = received.indexOf("\n")) {
          const data = answer(JSON.parse(received.slice(0, end)))
          received = received.slice(end + 1)
          socket.write(`${JSON.stringify({ status: "ok", data })}\n`)
        }
      })
    })
    children.add({ kill: () => server.close() })
    server.listen(at(`s${n}`))
    await once(server, "listening")
  }
  return () => updates
}

/** Seconds of processor time used by a process and by the children it has waited for (proc_pid_stat(5)). */
const processorOf = (pid) => {
  const fields = Fs.readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100
}

/**
 * Runs a command; returns its wall time in ms, its processor time in s (and sshd's share), its peak memory in MiB, its
 * output.
 */
const run = async (command, args, environment = {}) => {
  const before = { self: processorOf("self"), sshd: processorOf(sshd) }
  const begun = performance.now()
  const [program, ...rest] = [...onOurs, command, ...args]
  const child = spawn(program, rest, {
    cwd: at("project"),
    env: { PATH: `${at("bin")}:${process.env.PATH}`, HOME: folder, TAKO_HOME: at("home"), ...environment },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let output = ""
  let memory = 0
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => (output += text))
  const watching = setInterval(() => {
    try {
      const [, kib] = /^VmHWM:\s+(\d+)/m.exec(Fs.readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? []
      if (kib !== undefined) memory = Math.max(memory, Number(kib) / 1024)
    } catch {
      // The process has already ended.
    }
  }, 10)
  const [code] = await once(child, "close")
  clearInterval(watching)
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${output}`)
  const millis = performance.now() - begun
  const ofSshd = processorOf(sshd) - before.sshd
  return { millis, processor: processorOf("self") - before.self + ofSshd, ofSshd, memory, output }
}

const summary = ({ millis, processor }) =>
  `${(millis / 1000).toFixed(1)} s (${processor.toFixed(1)} s of processor)`

try {
  await startSshd()
  const updates = await startServers()
  const names = Array.from({ length: servers }, (_, n) => `s${n}`)
  for (const name of ["project", "home", "bin"]) Fs.mkdirSync(at(name), { mode: 0o700 })
  Fs.writeFileSync(at("bin/ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F ${at("ssh_config")} "$@"\n`, {
    mode: 0o755
  })
  Fs.writeFileSync(
    at("home/config.toml"),
    names
      .map((name) => `[[servers]]\nname = "${name}"\nhost = "${name}.example"\nsocket = "${at(name)}"\n`)
      .join("\n"),
    { mode: 0o600 }
  )
  Fs.writeFileSync(
    at("project/tako.toml"),
    `name = "shop"\n[envs.production]\nservers = ${JSON.stringify(names)}\n`
  )
  execFileSync("git", ["init", "--quiet"], { cwd: at("project") })
  for (let n = 0; n < 22; n++) {
    execFileSync(
      process.execPath,
      [bin, "secrets", "set", `SECRET_${n}`, "--env", "production", "--create"],
      {
        cwd: at("project"),
        input: "x".repeat(60),
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          TAKO_HOME: at("home"),
          TAKO_PASSPHRASE: "a passphrase of the bench"
        },
        stdio: ["pipe", "ignore", "pipe"]
      }
    )
  }
  Fs.writeFileSync(at("names"), names.join("\n"))
  const sync = () => run(process.execPath, [bin, "secrets", "sync"])
  const loop = () => run("sh", ["-c", `xargs -P${concurrency} -I{} ssh {}.example true <${at("names")}`])
  const first = await sync()
  await loop()
  console.error(`warm: ${(first.millis / 1000).toFixed(1)} s`)
  const found = []
  for (let round = 0; round < rounds; round++) {
    const ours = await sync()
    const theirs = await loop()
    found.push({ ours, theirs })
    console.error(`${summary(ours)}   ${summary(theirs)}`)
  }
  if (updates() !== servers * (rounds + 1)) throw new Error("not every server was sent the secrets each time")
  const of = (get) => median(found.map(get))
  const table = found[0].ours.output.split("\n").filter((line) => line !== "" && !/^s\d+: /.test(line))
  console.log(`${servers} servers, ${concurrency} at a time, medians of ${rounds} interleaved rounds`)
  const millis = ({ millis }) => millis
  const processor = ({ processor }) => processor
  for (const [what, get, unit] of [
    ["wall time", millis, 1000],
    ["processor", processor, 1],
    ["processor, sshd alone", ({ ofSshd }) => ofSshd, 1],
    ["processor, without sshd", ({ processor, ofSshd }) => processor - ofSshd, 1]
  ]) {
    const ours = (of((one) => get(one.ours)) / unit).toFixed(1)
    const theirs = (of((one) => get(one.theirs)) / unit).toFixed(1)
    const ratio = of((one) => get(one.ours) / get(one.theirs)).toFixed(2)
    console.log(`${what.padEnd(24)} tako ${ours} s, a loop over OpenSSH ${theirs} s: ${ratio}`)
  }
  console.log(`peak memory of tako      ${Math.max(...found.map(({ ours }) => ours.memory)).toFixed(0)} MiB`)
  console.log(`lines of the report      ${table.length}`)
} finally {
  for (const child of children) child.kill()
  Fs.rmSync(folder, { recursive: true, force: true })
}
