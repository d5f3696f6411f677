// Shows what tako does, in a temporary project: npm run demo
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { load } from "./demo/load.mjs"
import { freePort, shop, startServer } from "./demo/server.mjs"
import { startSshd } from "./demo/sshd.mjs"

const tako = Path.resolve(import.meta.dirname, "../dist/tako.cjs")
const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-demo-"))
const project = Path.join(folder, "shop")
const environment = {
  PATH: process.env.PATH,
  HOME: folder,
  TAKO_HOME: Path.join(folder, "tako-home"),
  TAKO_PASSPHRASE: "cradle-marble-ivory-slender-toast-ahead",
  GIT_CONFIG_GLOBAL: Path.join(folder, "gitconfig"),
  NO_COLOR: "1"
}
const bold = (text) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[22m` : text)
const dim = (text) => (process.stdout.isTTY ? `\u001b[2m${text}\u001b[22m` : text)
const tell = (text) => console.log(`\n${bold(text)}`)

/** Runs a command in the project, shows the command line and the output, and insists on the exit code. */
const type = (line, command, { input = "", expected = 0 } = {}) => {
  console.log(dim(`$ ${line}`))
  const [program, ...args] = command
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: project,
    env: environment,
    input,
    encoding: "utf8"
  })
  process.stdout.write(stdout + stderr)
  if (status !== expected) throw new Error(`the demo broke: exit ${status}, not ${expected}`)
  return stdout
}
const takoCommand = (...args) => [process.execPath, tako, ...args]

/** Like `type`, but asynchronous: the demo's own clients and servers keep running meanwhile. */
const typeAside = async (line, [program, ...args], { input = "", expected = 0, socket }) => {
  console.log(dim(`$ ${line}`))
  const child = spawn(program, args, {
    cwd: project,
    env: { ...environment, TAKO_SOCKET: socket },
    stdio: ["pipe", "pipe", "pipe"]
  })
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => process.stdout.write(text))
  child.stdin.end(input)
  const [status] = await once(child, "close")
  if (status !== expected) throw new Error(`the demo broke: exit ${status}, not ${expected}`)
}

const app = `
const fs = require("node:fs")
const { secrets } = JSON.parse(fs.readFileSync(3, "utf8"))
console.log("the app read " + Object.keys(secrets).length + " secrets; DATABASE_URL has " + secrets.DATABASE_URL.length + " characters")
const seen = (file) => Object.values(secrets).some((value) => fs.readFileSync(file, "latin1").includes(value))
if (process.platform === "linux") {
  console.log("a secret in /proc/self/environ:  " + seen("/proc/self/environ"))
  console.log("a secret in /proc/self/cmdline:  " + seen("/proc/self/cmdline"))
  console.log("a secret in the parent's cmdline: " + seen("/proc/" + process.ppid + "/cmdline"))
}
console.log("TAKO_PASSPHRASE in the environment: " + ("TAKO_PASSPHRASE" in process.env))
`

/** Deploys an app to a server, and changes one of its secrets under constant load. */
const serveAndSync = async () => {
  tell("5. The app on a server: two instances behind one address")
  const address = `127.0.0.1:${await freePort()}`
  Fs.writeFileSync(Path.join(project, "server.cjs"), shop)
  const toml = `name = "shop"
start = ["node", "server.cjs"]

[envs.production]
servers = ["local"]
instances = 2
listen = "${address}"
`
  Fs.writeFileSync(Path.join(project, "tako.toml"), toml)
  console.log(`tako.toml:\n${toml.replace(/^(?=.)/gm, "  ")}`)
  console.log(dim("$ tako-server --data-dir … --socket … &"))
  const { socket, stop } = await startServer(folder, environment)
  stopServer = stop
  const server = (line, options) =>
    typeAside(line, takoCommand(...line.split(" ").slice(1)), { socket, ...options })
  await server("tako secrets sync --env production")
  await server("tako apps deploy --env production")
  await server("tako status")

  tell("6. A secret changes while 8 clients ask without a pause")
  const clients = load(address, 8)
  await typeAside(
    "tako secrets set STRIPE_KEY --env production --sync < value",
    takoCommand("secrets", "set", "STRIPE_KEY", "--env", "production", "--sync"),
    { socket, input: "sk_live_another_one_that_is_not_real\n" }
  )
  const { failed, first, keys } = await clients.stop()
  for (const [key, count] of keys)
    console.log(`${String(count).padStart(8)} requests answered with key ${key}`)
  console.log(`${String(failed).padStart(8)} requests failed`)
  if (failed > 0) throw new Error(`the demo broke: ${failed} requests failed, the first of them: ${first}`)
  if (keys.size !== 2) throw new Error("the demo broke: not both keys answered")
  await server("tako status")
  await server("tako logs --env production --lines 2")

  await overSsh(server, toml)
  await stop()
  stopServer = undefined
}

/** Reaches the same server over SSH, as another machine would. */
const overSsh = async (server, toml) => {
  const sshd = await startSshd(folder)
  if (sshd === undefined) return tell("(There is no usable sshd on this machine: SSH is left out.)")
  const { bin, fingerprint, stop } = sshd
  try {
    tell("7. The same server over SSH")
    environment.PATH = `${bin}:${environment.PATH}`
    const socket = Path.join(folder, "tako.sock")
    await server(`tako servers add la la.example --socket ${socket} --host-key ${fingerprint}`)
    Fs.writeFileSync(Path.join(project, "tako.toml"), toml.replace('"local"', '"la"'))
    await server("tako secrets sync --dry-run")
    await server("tako secrets sync")
    await server("tako secrets rm STRIPE_KEY --env production --yes")
    await server("tako secrets sync", { expected: 2 })
    await server("tako status")
  } finally {
    stop()
  }
}

let stopServer
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await stopServer?.()
    Fs.rmSync(folder, { recursive: true, force: true })
    process.exit(130)
  })
}

try {
  // As root, tako-server runs each app as a user of its own, who must be able to enter its folder.
  Fs.chmodSync(folder, 0o711)
  Fs.mkdirSync(project)
  spawnSync("git", ["init", "--quiet", project], { env: environment })
  Fs.writeFileSync(Path.join(project, "app.cjs"), app)

  tell("1. A project, and secrets in two environments (the passphrase comes from TAKO_PASSPHRASE here)")
  type("tako init", takoCommand("init"))
  const set = (name, environmentName, value) =>
    type(
      `tako secrets set ${name} --env ${environmentName} < value`,
      takoCommand("secrets", "set", name, "--env", environmentName),
      { input: `${value}\n` }
    )
  set("DATABASE_URL", "development", "postgres://localhost/shop")
  set("DATABASE_URL", "production", "postgres://shop:Xk9-not-a-real-one@db.internal/shop")
  set("STRIPE_KEY", "production", "sk_live_not_a_real_key_either")
  type("tako secrets ls", takoCommand("secrets", "ls"))

  tell("2. What is committed")
  const file = Path.join(project, ".tako", "secrets.json")
  process.stdout.write(Fs.readFileSync(file, "utf8"))
  type("git add --all && git status --short", ["sh", "-c", "git add --all && git status --short"])

  tell("3. An app reads its secrets from file descriptor 3")
  type(
    "tako run --env production -- node app.cjs",
    takoCommand("run", "--env", "production", "--", process.execPath, "app.cjs")
  )

  tell("4. Somebody swaps two values in the file")
  const swapped = JSON.parse(Fs.readFileSync(file, "utf8"))
  const { secrets } = swapped.production
  ;[secrets.DATABASE_URL, secrets.STRIPE_KEY] = [secrets.STRIPE_KEY, secrets.DATABASE_URL]
  Fs.writeFileSync(file, JSON.stringify(swapped, null, 2))
  type(
    "tako run --env production -- node app.cjs",
    takoCommand("run", "--env", "production", "--", process.execPath, "app.cjs"),
    { expected: 4 }
  )
  type("tako secrets verify", takoCommand("secrets", "verify"), { expected: 4 })
  type("git restore .tako/secrets.json", ["git", "restore", ".tako/secrets.json"])

  if (process.platform === "linux") await serveAndSync()
  else tell("(tako-server runs on Linux only: the server part is left out.)")

  tell("That is all. Everything the demo created is removed again.")
} finally {
  await stopServer?.()
  Fs.rmSync(folder, { recursive: true, force: true })
}
