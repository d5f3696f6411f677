import * as Path from "node:path"
import { type Random, shuffled } from "../support/random.ts"
import { commands } from "./commands.ts"
import { goOn, judge } from "./judge.ts"
import { type Ended, inLanes, type Lane } from "./lane.ts"
import { trial } from "./report.ts"
import {
  type Point,
  type Prepared,
  prepare,
  restore,
  type Stage,
  start,
  straceInto,
  type Variant
} from "./stage.ts"
import { describe, isWriting, parseFile } from "./strace.ts"

/** The commands with the traces of their clean runs, one for each variant of the initial state that changes the trace. */
export const prepareAll = async (
  stage: Stage,
  variants: ReadonlyArray<Variant>
): Promise<ReadonlyArray<Prepared>> => {
  const all: Array<Prepared> = []
  for (const variant of variants) {
    for (const writing of commands) all.push(await prepare(stage, writing, variant))
  }
  return all
}

/** Leaves out places where many runs are needed to hit the right call; other commands make the same writes. */
export const easilyHit = (all: ReadonlyArray<Prepared>): ReadonlyArray<Prepared> =>
  all.map((prepared) => ({
    ...prepared,
    points: prepared.points.filter(({ name }) => name !== "write" || prepared.writing.derives !== true)
  }))

export interface Cut {
  readonly prepared: Prepared
  readonly point: Point
}

/** Picks this many places, each at least once if there are enough. */
export const cutsOf = (random: Random, all: ReadonlyArray<Prepared>, count: number): ReadonlyArray<Cut> => {
  const each = all.flatMap((prepared) => prepared.points.map((point) => ({ prepared, point })))
  const cuts: Array<Cut> = []
  while (cuts.length < count) cuts.push(...shuffled(random, each))
  return cuts.slice(0, count)
}

/** Kills the command right before each of the calls that its write makes. */
export const crash = (
  stage: Stage,
  all: ReadonlyArray<Prepared>,
  count: number,
  random: Random,
  minutes?: number
) =>
  trial("crash", async (fail) => {
    const states = { old: 0, new: 0, between: 0 }
    let missed = 0
    const each = async (cut: Cut, lane: Lane) => {
      const { prepared, point } = cut
      const title = `${prepared.writing.name} (${prepared.variant}) killed at ${point.does} [${point.name} ${point.when}]`
      if (!(await reached(stage, cut, lane, "signal=SIGKILL", (tries) => (missed += tries)))) {
        return fail(`${title}: not reached`)
      }
      const { state, wrong } = await judge(stage, prepared, lane)
      states[state] += 1
      for (const what of [...wrong, ...(await goOn(prepared, lane))]) fail(`${title}: ${what}`)
    }
    const cuts = await inLanes(stage.lanes, cutsOf(random, all, count), each, minutes)
    const places = new Set(
      cuts.map(
        ({ prepared, point }) => `${prepared.writing.name} ${prepared.variant} ${point.name} ${point.when}`
      )
    )
    return {
      size: `${cuts.length} kills at ${places.size} places in ${all.length} commands and states`,
      result: `old ${states.old}, new ${states.new}, part of several files ${states.between}; ${missed} repeated because another call was hit`
    }
  })

/**
 * Runs the command with the injection; returns false if the place was never reached. Threads vary the number of some
 * calls (write, to wake each other: 9 to 17 of them while WebAssembly is compiled), so the command is then run again,
 * with the place where most runs had it.
 */
export const reached = async (
  stage: Stage,
  { prepared, point }: Cut,
  lane: Lane,
  what: string,
  missed: (tries: number) => void,
  ended: (ended: Ended) => void = () => {}
): Promise<boolean> => {
  const trace = Path.join(stage.root, `${Path.basename(Path.dirname(lane.folder))}.trace`)
  const seen = shiftsOf(prepared, point.name)
  let later = 0
  for (let tries = 0; tries < mostTries; tries++) {
    const when = Math.max(1, point.when + usualOf(seen) + later)
    restore(stage, prepared.before, lane)
    const strace = straceInto(trace, `${point.name}:${what}:when=${when}`)
    const end = await start(stage, prepared.writing, prepared.variant, lane, strace)
    const calls = parseFile(trace)
    const ours = calls.filter(
      (call) => call.pid === calls[0]?.pid && call.name === point.name && isWriting(call, lane)
    )
    const there = ours.filter((call) => describe(call, lane) === point.does)[point.occurrence]
    if (there !== undefined) seen.push(there.nth - point.when)
    if (there !== undefined && (there.result.startsWith("?") || there.result.includes("(INJECTED)"))) {
      ended(end)
      return true
    }
    missed(1)
    // After reaching another place, try where most runs had this one; after reaching none, search further for a while.
    later = there === undefined ? (later + 1) % furthest : 0
  }
  return false
}

const mostTries = 60
const furthest = 8

/** How far the counts of a call have differed from those of the clean run. */
const shifts = new WeakMap<Prepared, Map<string, Array<number>>>()

const shiftsOf = (prepared: Prepared, name: string): Array<number> => {
  const all = shifts.get(prepared) ?? new Map<string, Array<number>>()
  shifts.set(prepared, all)
  const seen = all.get(name) ?? []
  all.set(name, seen)
  return seen
}

/** The most frequent recent difference; none at first. */
const usualOf = (seen: ReadonlyArray<number>): number => {
  const late = seen.slice(-20)
  const times = (one: number) => late.filter((other) => other === one).length
  return late.reduce((best, one) => (times(one) >= times(best) ? one : best), late[0] ?? 0)
}
