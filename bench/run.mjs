// Measures tako against bare Node, dotenvx, varlock and the argon2 program: npm run bench [-- --rounds N] [-- --write]
import { execFileSync, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { parseArgs } from "node:util"
import { build } from "esbuild"
import { interleaved, peakMemory } from "./measure.mjs"
import * as Projects from "./projects.mjs"
import { report, row } from "./report.mjs"

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, write: { type: "boolean", default: false } }
})
const rounds = Number(options.rounds)
const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-bench-"))
process.on("exit", () => Fs.rmSync(folder, { recursive: true, force: true }))
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130))

const say = (line) => console.error(line)
const node = process.execPath
const at = ({ directory, environment }, command, more = {}) => ({ directory, environment, command, ...more })

say("Making projects …")
const one = Projects.takoProject(Path.join(folder, "tako-1"), 1)
const some = Projects.takoProject(Path.join(folder, "tako-22"), 22)
const many = Projects.takoProject(Path.join(folder, "tako-1000"), 1000)
const forDotenvx = Projects.dotenvxProject(Path.join(folder, "dotenvx"), 22)
const node22 = Projects.node22()

const ls = [node, Projects.tako, "secrets", "ls"]
const run = [node, Projects.tako, "run", "--", "true"]
const bare = at(some, [node, "-e", "0"])

say("Starts …")
const starts = interleaved(
  {
    bare,
    "ls, cold": at(some, ls, { before: some.forgetCode }),
    "ls, warm": at(some, ls),
    "run, cold": at(some, run, { before: some.forgetCode }),
    "run, warm": at(some, run)
  },
  rounds
)

say("Against dotenvx …")
const encrypted = interleaved(
  {
    tako: at(some, run),
    dotenvx: at(forDotenvx, [node, Projects.dotenvx, "run", "--quiet", "--", "true"])
  },
  rounds
)

let plain
if (node22 !== undefined) {
  say("Against varlock, on Node 22 …")
  const forVarlock = Projects.varlockProject(Path.join(folder, "varlock"), 22)
  plain = interleaved(
    {
      tako: at(some, [node22, ...run.slice(1)]),
      varlock: at(forVarlock, [node22, Projects.varlock, "run", "--", "true"])
    },
    rounds
  )
}

say("1 and 1,000 values …")
const sizes = interleaved({ one: at(one, run), many: at(many, run) }, rounds)

say("Key derivation and spawning …")
const bundle = Path.join(folder, "in-process.cjs")
await build({
  entryPoints: [Path.join(import.meta.dirname, "in-process.ts")],
  outfile: bundle,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20.19",
  logLevel: "warning"
})
const inProcess = JSON.parse(execFileSync(node, [bundle], { encoding: "utf8" }))
const hasArgon2 = spawnSync("argon2", ["-h"]).error === undefined
const argon2 = hasArgon2
  ? interleaved(
      {
        argon2: at(
          some,
          ["argon2", "saltsaltsaltsalt", "-id", "-t", "3", "-k", "65536", "-p", "4", "-l", "32"],
          {
            input: "tako-example"
          }
        )
      },
      rounds
    ).argon2
  : undefined

say("Memory …")
const derive = at({ ...some, environment: { ...some.environment, TAKO_PASSPHRASE: Projects.passphrase } }, [
  node,
  Projects.tako,
  "secrets",
  "key",
  "derive",
  "--env",
  "development"
])
const memory = {
  bare: peakMemory(bare),
  ls: peakMemory(at(some, ls)),
  run: peakMemory(at(some, run)),
  many: peakMemory(at(many, run)),
  derive: peakMemory(derive),
  dotenvx: peakMemory(at(forDotenvx, [node, Projects.dotenvx, "run", "--quiet", "--", "true"]))
}

const names = "`node -e 0`"
report(
  [
    row("`tako secrets ls`, cold", starts["ls, cold"], names, starts.bare),
    row(
      "`tako secrets ls`, warm code cache",
      starts["ls, warm"],
      names,
      starts.bare,
      "at most 1.9 on Node 20"
    ),
    row("`tako run -- true`, cold", starts["run, cold"], names, starts.bare),
    row("`tako run -- true`, warm code cache", starts["run, warm"], names, starts.bare),
    row(
      "`tako run`, 22 values",
      encrypted.tako,
      "`dotenvx run`, the same 22 encrypted",
      encrypted.dotenvx,
      "at most 0.15"
    ),
    row(
      "`tako run`, 22 values, Node 22",
      plain?.tako,
      "`varlock run`, the same 22 in plaintext",
      plain?.varlock
    ),
    row("`tako run`, 1,000 values", sizes.many, "1 value", sizes.one, "at most 1.25"),
    row("key derivation", inProcess["key derivation"], "the `argon2` program", argon2),
    row(
      "a spawn with our pipe, 22 values, warm pool",
      inProcess["a spawn with our pipe"],
      "a plain spawn",
      inProcess["a plain spawn"]
    )
  ],
  [
    ["`node -e 0`", memory.bare],
    ["`tako secrets ls`, 22 values", memory.ls],
    ["`tako run -- true`, 22 values", memory.run],
    ["`tako run -- true`, 1,000 values", memory.many],
    ["`tako secrets key derive`", memory.derive],
    ["`dotenvx run`, 22 values", memory.dotenvx]
  ],
  { rounds, write: options.write, readme: Path.join(import.meta.dirname, "README.md") }
)

say("Instructions …")
const gate = spawnSync(node, [Path.join(import.meta.dirname, "instructions.mjs")], { stdio: "inherit" })
process.exitCode = gate.status ?? 1
