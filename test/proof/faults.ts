import * as Fs from "node:fs"
import * as Path from "node:path"
import { passphrase, value } from "./commands.ts"
import { type Cut, reached } from "./crash.ts"
import { goOn, judge } from "./judge.ts"
import { type Ended, inLanes, type Lane } from "./lane.ts"
import { searchFor } from "./leaks/needles.ts"
import { trial } from "./report.ts"
import type { Prepared, Stage } from "./stage.ts"

/** The errors of a full, broken, forbidden or read-only disk, and of a process with too many open files. */
export const errnos = ["ENOSPC", "EIO", "EACCES", "EROFS", "EMFILE"] as const

export interface Refused extends Cut {
  readonly errno: (typeof errnos)[number]
}

/** Refuses each of the calls that a write makes, once: the command must report it truthfully and leave everything whole. */
export const faults = (
  stage: Stage,
  work: ReadonlyArray<Refused>,
  all: ReadonlyArray<Prepared>,
  minutes?: number
) =>
  trial("refused system calls", async (fail) => {
    const outcomes = { "reported, old": 0, "reported, new": 0, "reported, part": 0, "not needed, done": 0 }
    const each = async (refused: Refused, lane: Lane) => {
      const { prepared, point, errno } = refused
      const title = `${prepared.writing.name} (${prepared.variant}) meets ${errno} at ${point.does} [${point.name} ${point.when}]`
      let end: Ended | undefined
      const hit = await reached(
        stage,
        refused,
        lane,
        `error=${errno}`,
        () => {},
        (ended) => (end = ended)
      )
      if (!hit || end === undefined) return fail(`${title}: not reached`)
      const { state, wrong } = await judge(stage, prepared, lane)
      const problems = [...wrong, ...reportProblems(end, state, lane), ...seen(end, lane)]
      if (end.code === 0) outcomes["not needed, done"] += 1
      else outcomes[`reported, ${state === "between" ? "part" : state}`] += 1
      for (const what of [...problems, ...(await goOn(prepared, lane))]) {
        fail(`${title}: ${what}\nexit ${end.code ?? end.signal}: ${end.stderr.trim()}`)
      }
    }
    const done = await inLanes(stage.lanes, work, each, minutes)
    const places = all.reduce((sum, { points }) => sum + points.length, 0)
    return {
      size: `${done.length} of ${places * errnos.length} (${places} calls, ${errnos.join(", ")})`,
      result: Object.entries(outcomes)
        .map(([what, count]) => `${what} ${count}`)
        .join("; ")
    }
  })

/** Checks that the message and the exit code agree with the resulting state. */
export const reportProblems = (
  { code, stderr }: Ended,
  state: "old" | "new" | "between",
  lane: Lane
): ReadonlyArray<string> => {
  if (code === 0) return state === "new" ? [] : [`exit 0, and the state is ${state}`]
  if (code !== 1) return ["the exit code is not 1"]
  if (!/error: Could not (?:read|write|lock|sync) \S+: .+\./.test(stderr))
    return ["the message is not tako's own"]
  if (/bug in tako/.test(stderr)) return ["the message calls it a bug"]
  const [, operation = "", path = ""] = /Could not (\w+) (\S+):/.exec(stderr) ?? []
  if (!path.startsWith(lane.folder)) return [`the message names a path outside the lane: ${path}`]
  const isSecretsFile = path.endsWith("secrets.json")
  if (isSecretsFile && state === "new" && operation !== "sync")
    return ["the message says that the old file is untouched; it is not"]
  if (isSecretsFile && state === "old" && operation === "sync")
    return ["the message says that the change is made; it is not"]
  if (state !== "new" && !Fs.existsSync(Path.dirname(Path.dirname(path))))
    return ["the message names a path that does not exist"]
  return []
}

const seen = ({ stdout, stderr }: Ended, lane: Lane): ReadonlyArray<string> => {
  const keys = Path.join(lane.home, "keys")
  const kept = Fs.existsSync(keys)
    ? Fs.readdirSync(keys).map((name) => Fs.readFileSync(Path.join(keys, name), "latin1"))
    : []
  const needles = {
    value,
    passphrase,
    ...Object.fromEntries(kept.map((key, index) => [`key ${index}`, key.trim()]))
  }
  return searchFor(needles, Buffer.from(stdout + stderr)).map((what) => `a secret in its output: ${what}`)
}
