import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { randomOf } from "../../support/random.ts"
import { trial } from "../report.ts"
import { canaries } from "./known.ts"
import * as Parts from "./parts.ts"
import { secretsFile } from "./secrets-file.ts"
import type { Target } from "./target.ts"

// biome-ignore lint/suspicious/noExplicitAny: each target knows its own inputs
const targets: ReadonlyArray<Target<any>> = [
  secretsFile,
  Parts.blob,
  Parts.salt,
  Parts.key,
  Parts.pins,
  Parts.envelope,
  Parts.takoToml,
  Parts.argv
]

interface Worst {
  readonly what: string
  readonly ms: number
  readonly mib: number
}

/** The findings of one process. */
export interface Shard {
  readonly counts: Record<string, Record<string, number>>
  readonly faults: ReadonlyArray<string>
  readonly worst: ReadonlyArray<Worst>
}

/** The input with this number, which depends on nothing but the seed and the number. */
const inputOf = <A>(target: Target<A>, seed: number, index: number): A =>
  target.make(randomOf(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)))

const faultOf = async <A>(target: Target<A>, input: A): Promise<string | undefined> => {
  Error.stackTraceLimit = 20
  try {
    await target.feed(input)
    return undefined
  } catch (error) {
    const where =
      error instanceof Error ? (error.stack?.split("\n").find((line) => line.includes("/src/")) ?? "") : ""
    return `${error instanceof Error ? `${error.constructor.name}: ${error.message.slice(0, 80)}` : String(error)}${where.trimEnd()}`
  } finally {
    Error.stackTraceLimit = 0
  }
}

/** The smallest input with the same fault that two thousand tries or two seconds find. */
const minimised = async <A>(target: Target<A>, input: A, fault: string): Promise<A> => {
  let smallest = input
  let tries = 2000
  const deadline = performance.now() + 2000
  for (let found = true; found && tries > 0; ) {
    found = false
    for (const smaller of target.smaller(smallest)) {
      if (tries-- <= 0 || performance.now() > deadline) return smallest
      if ((await faultOf(target, smaller)) !== fault) continue
      smallest = smaller
      found = true
      break
    }
  }
  return smallest
}

const withoutSecrets = (text: string): string =>
  canaries.reduce((shown, canary) => shown.replaceAll(canary, "(canary)"), text).slice(0, 400)

/** Runs one process's share: every `step`th input, beginning with `from`. */
export const shard = async (
  seed: number,
  count: number,
  from: number,
  step: number,
  giants = true
): Promise<Shard> => {
  // Most inputs end in an error whose stack trace nobody reads; for a fault, it is recorded in a second run.
  Error.stackTraceLimit = 0
  const counts: Shard["counts"] = {}
  const faults = new Map<string, string>()
  const worst: Array<Worst> = []
  for (const target of targets) {
    const ofTarget: Record<string, number> = {}
    counts[target.name] = ofTarget
    const total = Math.ceil((count * target.share) / 100)
    const began = performance.now()
    const slowest: Array<{ ms: number; index: number }> = []
    for (let index = from; index < total; index += step) {
      const input = inputOf(target, seed, index)
      const start = performance.now()
      let outcome: string
      try {
        const answer = target.feed(input)
        outcome = typeof answer === "string" ? answer : await answer
      } catch {
        outcome = "FAULT"
        const fault = (await faultOf(target, input)) ?? "not the second time"
        const key = `${target.name}: ${fault}`
        if (!faults.has(key)) {
          const small = await minimised(target, input, fault)
          faults.set(key, `${key}\ninput ${index} of seed ${seed}: ${withoutSecrets(target.shown(small))}`)
        }
      }
      const ms = performance.now() - start
      if (ms > (slowest[1]?.ms ?? 0)) {
        slowest.push({ ms, index })
        slowest.sort((a, b) => b.ms - a.ms).splice(2)
      }
      ofTarget[outcome] = (ofTarget[outcome] ?? 0) + 1
    }
    if (process.env.PROOF_TIMES) console.error(`${target.name} ${Math.round(performance.now() - began)} ms`)
    for (const { index } of slowest) {
      const { fault: _, ...cost } = await measured(
        `${target.name}, input ${index}`,
        target,
        inputOf(target, seed, index)
      )
      worst.push(cost)
    }
    for (const [number, [what, input]] of (giants ? target.giants() : []).entries()) {
      if (number % step !== from) continue
      const { fault, ...cost } = await measured(`${target.name}, ${what}`, target, input)
      if (process.env.PROOF_TIMES) console.error(JSON.stringify(cost))
      if (fault !== undefined) faults.set(`${target.name} ${what}`, `${target.name}, ${what}: ${fault}`)
      worst.push(cost)
    }
    if (process.env.PROOF_TIMES)
      console.error(`${target.name} with giants ${Math.round(performance.now() - began)} ms`)
  }
  return { counts, faults: [...faults.values()], worst: worst.sort((a, b) => b.ms - a.ms) }
}

/**
 * Measures processor time, because the machine is shared (the best of three runs if it is slow), and the growth in
 * memory.
 */
const measured = async <A>(
  what: string,
  target: Target<A>,
  input: A
): Promise<Worst & { fault: string | undefined }> => {
  let ms = Number.POSITIVE_INFINITY
  let mib = 0
  let fault: string | undefined
  for (let times = 0; times < 3; times++) {
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    const start = process.cpuUsage()
    fault = await faultOf(target, input)
    const { user, system } = process.cpuUsage(start)
    const took = (user + system) / 1000
    ms = Math.min(ms, took)
    mib = Math.max(mib, (process.memoryUsage().rss - before) / 1024 / 1024)
    if (took < slowMs) break
  }
  return { what, ms: Math.round(ms * 10) / 10, mib: Math.round(mib), fault }
}

const slowMs = 3000

/**
 * The limit for any input of up to 4 MiB: three times what the worst one takes. Quadratic behaviour would take
 * minutes.
 */
const longestMs = 15_000
const largestMiB = 768

export const runShard = (
  args: ReadonlyArray<string | number | boolean>,
  program = fileURLToPath(import.meta.url)
): Promise<Shard> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--expose-gc", "--enable-source-maps", program, "fuzz-shard", ...args.map(String)],
      {
        stdio: ["ignore", "pipe", "inherit"]
      }
    )
    let out = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text
    })
    child.on("error", reject)
    child.on("close", (code) =>
      code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`a part of the fuzz ended with ${code}`))
    )
  })

export const fuzz = (seed: number, count: number, parallel: number) =>
  trial("fuzz", async (fail) => {
    const shards = await Promise.all(
      Array.from({ length: parallel }, (_, index) => runShard([seed, count, index, parallel]))
    )
    let total = 0
    const lines: Array<string> = []
    for (const target of targets) {
      const counts = new Map<string, number>()
      for (const { counts: found } of shards) {
        for (const [outcome, times] of Object.entries(found[target.name] ?? {}))
          counts.set(outcome, (counts.get(outcome) ?? 0) + times)
      }
      const sum = [...counts.values()].reduce((a, b) => a + b, 0)
      total += sum
      const percent = (times: number) => `${((100 * times) / sum).toFixed(times * 1000 < sum ? 2 : 1)} %`
      const sorted = [...counts].sort(([, a], [, b]) => b - a)
      lines.push(
        `     ${target.name} (${sum}): ${sorted.map(([outcome, times]) => `${outcome} ${percent(times)}`).join(", ")}`
      )
      for (const wanted of target.outcomes)
        if (!counts.has(wanted)) fail(`${target.name}: no input came to "${wanted}"`)
      for (const [stage, { atLeast, of }] of Object.entries(target.stages ?? {})) {
        const reached = [...counts]
          .filter(([outcome]) => of(outcome))
          .reduce((sum, [, times]) => sum + times, 0)
        if ((100 * reached) / sum < atLeast)
          fail(`${target.name}: only ${percent(reached)} ${stage}, not ${atLeast} %`)
      }
    }
    for (const { faults } of shards) for (const fault of faults) fail(fault)
    const worst = shards.flatMap(({ worst }) => worst).sort((a, b) => b.ms - a.ms)
    const largest = worst.toSorted((a, b) => b.mib - a.mib)[0]
    for (const { what, ms, mib } of worst) {
      if (ms > longestMs || mib > largestMiB) fail(`${what}: ${ms} ms, ${mib} MiB`)
    }
    console.log(lines.join("\n"))
    for (const { what, ms, mib } of worst.slice(0, 5)) console.log(`     slow: ${what}: ${ms} ms, ${mib} MiB`)
    return {
      size: `${total} mutants`,
      result: `slowest ${worst[0]?.ms} ms (${worst[0]?.what}), largest ${largest?.mib} MiB (${largest?.what})`
    }
  })
