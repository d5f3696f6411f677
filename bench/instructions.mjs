// Counts the instructions of a start, and fails if tako executes 2 % more than recorded. Times are noisy; counts are not.
// npm run bench:instructions [-- --record]
import { execFileSync, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { parseArgs } from "node:util"
import { median } from "./measure.mjs"
import { tako } from "./projects.mjs"

const { values: options } = parseArgs({
  options: { record: { type: "boolean", default: false } }
})
const tolerance = 0.02
const recordFile = Path.join(import.meta.dirname, "instructions.json")
const again = "npm run bench:instructions -- --record"
const machine = `node ${process.versions.node} ${process.platform}-${process.arch}`

const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-count-"))
process.on("exit", () => Fs.rmSync(folder, { recursive: true, force: true }))
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130))

/** A measurement that could not be made is not a pass: in CI it fails. */
const cannot = (why) => {
  console.log(`Not a pass: ${why}.`)
  process.exit(process.env.CI ? 1 : 0)
}
if (spawnSync("valgrind", ["--version"]).status !== 0)
  cannot("valgrind is not installed (Debian's package valgrind)")

// Without threads, the optimizing compiler and random hash seeds, a start repeats the same instructions to 1 in 10,000.
const flags = ["--predictable", "--single-threaded", "--no-opt", "--hash-seed=1", "--random-seed=1"]
const node = [process.execPath, ...flags]
const environment = { PATH: process.env.PATH, HOME: folder, TAKO_HOME: folder, UV_THREADPOOL_SIZE: "1" }
const at = { cwd: folder, env: environment, encoding: "utf8" }

const count = (program) => {
  const counter = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
  const { status, stderr } = spawnSync("valgrind", [...counter, ...node, ...program], at)
  const [, refs] = /I\s+refs:\s+([\d,]+)/.exec(stderr) ?? []
  if (status !== 0 || refs === undefined) cannot(`valgrind ended with ${status}\n${stderr}`)
  return Number(refs.replaceAll(",", ""))
}

// A typical project: a tako.toml to decode and the golden secrets file, so that every run reads and opens the same bytes.
Fs.writeFileSync(
  Path.join(folder, "tako.toml"),
  `name = "shop"
start = ["node", "server.js"]

[vars]
LOG_LEVEL = "info"

[envs.production]
servers = ["la"]
instances = 2
listen = "127.0.0.1:8080"

[secrets]
required = ["DATABASE_URL"]
`
)
Fs.mkdirSync(Path.join(folder, ".tako"))
const vectors = Path.join(import.meta.dirname, "..", "test", "vectors")
Fs.copyFileSync(Path.join(vectors, "bound.secrets.json"), Path.join(folder, ".tako", "secrets.json"))
const { passphrase } = JSON.parse(Fs.readFileSync(Path.join(vectors, "bound.expected.json"), "utf8"))
execFileSync(process.execPath, [tako, "secrets", "key", "derive", "--env", "production"], {
  ...at,
  env: { ...environment, TAKO_PASSPHRASE: passphrase },
  stdio: "ignore"
})

const programs = {
  "secrets ls": [tako, "secrets", "ls"],
  run: [tako, "run", "--env", "production", "--", "true"]
}

const warm = (program) => {
  // Leaves only this program's own compiled code, as if no other command had run before.
  Fs.rmSync(Path.join(folder, "code"), { recursive: true, force: true })
  for (let i = 0; i < 2; i++) {
    execFileSync(node[0], [...node.slice(1), ...program], { ...at, stdio: "ignore" })
  }
}

const records = JSON.parse(Fs.readFileSync(recordFile, "utf8"))
const recorded = records[machine] ?? {}
const bare = count(["-e", "0"])
const isTooMany = (name, above) => above > recorded[name] * (1 + tolerance)

/** One round if that is within the limit; otherwise, and when recording, the median of five. */
const measure = (name, program) => {
  warm(program)
  const counts = [count(program) - bare]
  if (options.record || isTooMany(name, counts[0])) {
    while (counts.length < 5) counts.push(count(program) - bare)
  }
  return { above: median(counts), rounds: counts.length, spread: Math.max(...counts) - Math.min(...counts) }
}

const millions = (number) => (number / 1e6).toFixed(2)
console.log(`Instructions above the ${millions(bare)} million of \`node -e 0\`, warm; ${machine}`)
const measured = Object.entries(programs).map(([name, program]) => {
  const { above, rounds, spread } = measure(name, program)
  const change = (100 * (above / recorded[name] - 1)).toFixed(2)
  const comparison = name in recorded ? `${change} % above what was recorded` : "nothing was recorded"
  console.log(
    `  ${name.padEnd(12)}${millions(above)} million (${rounds} rounds, spread ${millions(spread)}), ${comparison}`
  )
  return [name, above]
})
if (options.record) {
  records[machine] = Object.fromEntries(measured)
  Fs.writeFileSync(recordFile, `${JSON.stringify(records, null, 2)}\n`)
} else if (measured.some(([name]) => !(name in recorded))) {
  cannot(`nothing is recorded for ${machine}; to record it: ${again}`)
} else if (measured.some(([name, above]) => isTooMany(name, above))) {
  console.log(
    `That is more than ${tolerance * 100} %. If that is worth it, run ${again} and commit the result.`
  )
  process.exit(1)
}
