import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { parseArgs } from "node:util"
import { randomOf } from "../support/random.ts"
import { concurrency, concurrencyOfProgram, writer } from "./concurrency.ts"
import { confined, disks } from "./confined.ts"
import { crash, cutsOf, easilyHit, prepareAll } from "./crash.ts"
import { errnos, faults } from "./faults.ts"
import { fuzz, shard } from "./fuzz/fuzz.ts"
import { deriveCheaply } from "./in-process.ts"
import { leaks } from "./leaks/leaks.ts"
import { plantedLeaks } from "./leaks/plants.ts"
import { tryMutants } from "./mutants.ts"
import { powerCut } from "./power-cut.ts"
import { attempted, flakyRows, type Row, table, took } from "./report.ts"
import { makeStage, type Stage } from "./stage.ts"
import { theft, thief } from "./theft.ts"

const usage = `npm run proof -- [--quick] [--only TRIAL]… [--seed NUMBER] [--kills N] [--faults N] [--mutants N] [--changes N]
  [--minutes N] [--parallel N] [--dist FOLDER]
  [--attempts N] [--flaky FILE]

Tries to break tako's claims, as root on Linux with strace, python3, git, util-linux and sshd. Without --quick it tries
everything, which takes hours. TRIAL: crash, faults, disks, concurrency, fuzz, leaks, theft, mutants. --mutants is the number of
inputs of the fuzz, --changes the number of changes of each of eight writers. After --minutes no further kills or refusals are
started; the table shows how many there were. --parallel is the number of commands tried at once.
A row that fails is repeated, up to --attempts in all (1); if it then passes, the evidence of its failure is added to FILE.`

/** Does the part of the proof that this process was started for by another one. */
const part = async ([what, ...args]: ReadonlyArray<string>): Promise<boolean> => {
  switch (what) {
    case "fuzz-shard": {
      const [seed = 0, count = 0, from = 0, step = 1] = args.map(Number)
      Fs.writeFileSync(1, JSON.stringify(await shard(seed, count, from, step, args[4] !== "false")))
      return true
    }
    case "writer": {
      const [project = "", home = "", prefix = "", from, to] = args
      await writer(project, home, prefix, Number(from), Number(to))
      return true
    }
    case "thief": {
      const [pids = "", folder = "", tries] = args
      await thief(
        pids.split(",").filter((pid) => pid !== ""),
        folder,
        Number(tries)
      )
      return true
    }
    case "confined":
      Fs.writeFileSync(1, JSON.stringify(await confined(args[0] ?? "", args[1] === "true")))
      return true
    default:
      return false
  }
}

const proof = async (): Promise<boolean> => {
  const root = process.env.TAKO_PROOF_ROOT ?? process.cwd()
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      seed: { type: "string" },
      kills: { type: "string" },
      faults: { type: "string" },
      mutants: { type: "string" },
      minutes: { type: "string" },
      changes: { type: "string", default: "1000" },
      parallel: { type: "string", default: String(Math.min(4, Os.availableParallelism())) },
      attempts: { type: "string", default: "1" },
      flaky: { type: "string" },
      dist: { type: "string", default: Path.join(root, "dist") }
    }
  })
  if (values.help) {
    console.log(usage)
    return true
  }
  const { quick } = values
  // The quick size makes the same choices every time, because it runs in CI, which must not fail by chance.
  const seed = Number(values.seed ?? (quick ? 1 : Date.now() % 1_000_000))
  const attempts = Number(values.attempts)
  const row = (run: () => Promise<Row>) => attempted(attempts, run)
  const sizeOf = (given: string | undefined, small: number, full: number) =>
    Number(given ?? (quick ? small : full))
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes)
  const wanted = (name: string) => values.only.length === 0 || values.only.includes(name)
  const parallel = Number(values.parallel)
  console.log(
    `The proof, ${quick ? "quick" : "full"}, seed ${seed}, Node ${process.version}, Linux ${Os.release()}, ${parallel} in parallel`
  )
  const stage = makeStage(Path.resolve(values.dist, "tako.cjs"), parallel)
  const rows: Array<Row> = []
  // Trials that do one thing at a time run beside the others.
  const full = wanted("disks") ? row(() => disks(stage, quick)) : undefined
  if (wanted("crash") || wanted("faults")) rows.push(...(await cutOff(stage)))
  deriveCheaply()
  if (full !== undefined) rows.push(await full)
  const robbed = wanted("theft") ? row(() => theft(stage, 1000)) : undefined
  if (wanted("concurrency")) {
    rows.push(
      await row(() => (quick ? concurrencyOfProgram(stage, 3, 3) : concurrencyOfProgram(stage, 6, 30)))
    )
    const size = quick ? { changes: 20, kills: 8 } : { changes: Number(values.changes), kills: 100 }
    rows.push(await row(() => concurrency(stage, { writers: 8, ...size })))
  }
  if (robbed !== undefined) rows.push(await robbed)
  if (wanted("fuzz"))
    rows.push(await row(() => fuzz(seed, sizeOf(values.mutants, 200_000, 10_000_000), parallel)))
  if (wanted("leaks")) {
    rows.push(await row(() => plantedLeaks(stage)))
    rows.push(await row(() => leaks(stage, randomOf(seed), { all: !quick })))
  }
  if (wanted("mutants")) rows.push(await row(() => tryMutants(stage, randomOf(seed), { all: !quick })))
  console.log(`\n${table(rows)}\n\n${took()}`)
  if (values.flaky !== undefined) Fs.appendFileSync(values.flaky, flakyRows(rows))
  return rows.every(({ failures }) => failures.length === 0)

  async function cutOff(stage: Stage): Promise<ReadonlyArray<Row>> {
    const everything = await prepareAll(stage, quick ? ["plain"] : ["plain", "leftovers", "umask 077"])
    const all = quick ? easilyHit(everything) : everything
    deriveCheaply()
    const rows: Array<Row> = [await row(() => powerCut(stage, all))]
    if (wanted("crash"))
      rows.push(
        await row(() => crash(stage, all, sizeOf(values.kills, 300, 10_000), randomOf(seed), minutes))
      )
    if (wanted("faults")) {
      const places = all.reduce((sum, { points }) => sum + points.length, 0)
      const count = sizeOf(values.faults, 25, places * errnos.length)
      const random = randomOf(seed)
      const start = random.below(errnos.length)
      // Each round over the places uses the next errno at each of them.
      const work = cutsOf(random, all, count).map((cut, index) => ({
        ...cut,
        errno: errnos[(start + index + Math.floor(index / places)) % errnos.length] as (typeof errnos)[number]
      }))
      rows.push(await row(() => faults(stage, work, all, minutes)))
    }
    return rows
  }
}

// Temporary files are removed when the process exits.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130))
// exit(), because open handles must not keep this process running; child processes end their own children.
process.exit((await part(process.argv.slice(2))) || (await proof()) ? 0 : 1)
