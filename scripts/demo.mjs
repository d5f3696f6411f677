// Shows what tako does, in a temporary project: npm run demo
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

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

/** Runs it in the project, shows what was typed and what it printed, and insists on the exit code. */
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

try {
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

  tell("That is all. Nothing of it stays on this machine.")
} finally {
  Fs.rmSync(folder, { recursive: true, force: true })
}
