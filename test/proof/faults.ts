import * as Fs from "node:fs"
import * as Path from "node:path"
import { passphrase, value } from "./commands.ts"
import { type Cut, reached } from "./crash.ts"
import { goOn, judge } from "./judge.ts"
import { type Ended, inLanes, type Lane } from "./lane.ts"
import { searchFor } from "./leaks/needles.ts"
import { trial } from "./report.ts"
import type { Prepared, Stage } from "./stage.ts"

/** What a disk that is full, broken, forbidden or read-only answers, and a process with too many open files. */
export const errnos = ["ENOSPC", "EIO", "EACCES", "EROFS", "EMFILE"] as const

export interface Refused extends Cut {
  readonly errno: (typeof errnos)[number]
}

/** Each call on the way of a write is refused once: the command has to say so, truthfully, and to leave things whole. */
export const faults = (
  stage: Stage,
  work: ReadonlyArray<Refused>,
  all: ReadonlyArray<Prepared>,
  minutes?: number
) =>
  trial("refused system calls", async (fail) => {
    const outcomes = { "told, old": 0, "told, new": 0, "told, part": 0, "not needed, done": 0 }
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
      const complaints = [...wrong, ...untruths(end, state, lane), ...seen(end, lane)]
      if (end.code === 0) outcomes["not needed, done"] += 1
      else outcomes[`told, ${state === "between" ? "part" : state}`] += 1
      for (const what of [...complaints, ...(await goOn(prepared, lane))]) {
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

/** Whether what it said and its exit code agree with what is there. */
export const untruths = (
  { code, stderr }: Ended,
  state: "old" | "new" | "between",
  lane: Lane
): ReadonlyArray<string> => {
  if (code === 0) return state === "new" ? [] : [`exit 0, and the state is ${state}`]
  if (code !== 1) return ["an exit code that is not 1"]
  if (!/error: Could not (?:read|write|lock|sync) \S+: .+\./.test(stderr)) return ["no error of its own"]
  if (/bug in tako/.test(stderr)) return ["it calls itself a bug"]
  const [, operation = "", path = ""] = /Could not (\w+) (\S+):/.exec(stderr) ?? []
  if (!path.startsWith(lane.folder)) return [`it names a path that is not one of ours: ${path}`]
  const isSecretsFile = path.endsWith("secrets.json")
  if (isSecretsFile && state === "new" && operation !== "sync")
    return ["it says that the old file is untouched; it is not"]
  if (isSecretsFile && state === "old" && operation === "sync")
    return ["it says that the change is made; it is not"]
  if (state !== "new" && !Fs.existsSync(Path.dirname(Path.dirname(path)))) return ["the path is nowhere"]
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
