import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Pins from "../../src/domain/pins.ts"
import { KeyPins } from "../../src/services/key-pins/key-pins.ts"
import { environment, openAll, run } from "./in-process.ts"
import type { Lane } from "./lane.ts"
import type { Prepared, Stage } from "./stage.ts"
import * as Tree from "./tree.ts"

/** The state after a trial, old or new, and what is wrong with it. */
export type Verdict = { readonly state: "old" | "new" | "between"; readonly wrong: ReadonlyArray<string> }

const secretsPath = "project/.tako/secrets.json"
const pinsPath = "home/pins.json"
const rotatedPath = "home/rotated.json"

export const judge = async (stage: Stage, prepared: Prepared, lane: Lane): Promise<Verdict> => {
  const { writing, before, after } = prepared
  const now = Tree.read(lane.folder, (path) => path.startsWith("home/code"))
  const wrong: Array<string> = []
  const bytesIn = (tree: Tree.Tree, path: string) => {
    const entry = tree.get(path)
    return entry?.kind === "file" ? entry.bytes : undefined
  }
  const was = (path: string) => {
    const bytes = bytesIn(before, path)
    return bytes === undefined ? undefined : Tree.moved(path, bytes, stage.lanes[0].folder, lane.folder)
  }
  const isAsBefore = (path: string) => same(was(path), bytesIn(now, path))
  const states = new Set<"old" | "new">()

  if (isAsBefore(secretsPath)) states.add("old")
  else states.add("new")
  // Whoever could open the file before must be able to open this one, with only what this machine has.
  const knew = [...before.keys()].some((path) => /^home\/keys\/[0-9a-f]{16}$/.test(path))
  const fileIsOld = isAsBefore(secretsPath)
  if (!fileIsOld || (knew && writing.name !== "adopt")) {
    const opened = await run(lane, openAll)
    if (Either.isLeft(opened)) wrong.push(`the secrets do not open: ${opened.left._tag}`)
    else if (!same(fileIsOld ? writing.old : writing.next, opened.right))
      wrong.push(
        `the secrets are neither the old nor the new ones (the file is ${fileIsOld ? "old" : "new"})`
      )
  }

  for (const [path, entry] of now) {
    if (/^home\/keys\/[0-9a-f]{16}$/.test(path)) {
      if (entry.kind !== "file" || entry.mode !== 0o600) wrong.push(`${path} is not a file of mode 600`)
      else if (!/^[A-Za-z0-9+/]{43}=\n$/.test(entry.bytes.toString("latin1")))
        wrong.push(`${path} is not whole`)
      else if (was(path) !== undefined && !isAsBefore(path)) wrong.push(`${path} was changed`)
    }
  }
  for (const path of before.keys()) {
    if (/^home\/keys\/[0-9a-f]{16}$/.test(path) && !now.has(path)) wrong.push(`${path} is gone`)
  }
  const pins = bytesIn(now, pinsPath)
  for (const path of [pinsPath, rotatedPath]) {
    const bytes = bytesIn(now, path)
    if (bytes !== undefined && Option.isNone(Pins.parse(bytes))) wrong.push(`${path} is not whole`)
    if (bytes === undefined && was(path) !== undefined) wrong.push(`${path} is gone`)
  }

  for (const file of writing.files ?? []) {
    const path = `project/${file}`
    if (same(bytesIn(after, path), bytesIn(now, path))) states.add("new")
    else if (isAsBefore(path)) states.add("old")
    else wrong.push(`${file} is neither the old nor the new one`)
  }
  if (writing.files !== undefined) states.delete("old")
  if (writing.files?.some((file) => !now.has(`project/${file}`))) states.add("old")
  if (writing.newMachine) {
    const has = [...now.keys()].some((path) => /^home\/keys\/[0-9a-f]{16}$/.test(path)) && pins !== undefined
    states.clear()
    states.add(has ? "new" : "old")
  }
  const [only] = states
  return { state: states.size === 1 ? (only as "old" | "new") : "between", wrong }
}

/**
 * Does what a user would do next: it must work, at once, and remove whatever was left behind. Leftovers from before, which the
 * command does not touch even when it is not killed, are left to a command that does.
 */
export const goOn = async (
  { writing, before, after }: Prepared,
  lane: Lane
): Promise<ReadonlyArray<string>> => {
  const wrong: Array<string> = []
  const start = performance.now()
  const result = await run(lane, writing.again, writing.againVariables ?? {})
  const took = performance.now() - start
  // Leftovers beside the pins are removed with the next change of the pins.
  const home = [...Tree.read(lane.home).keys()]
  if (home.some((path) => /\.(?:tmp|lock)|\.break-/.test(path))) {
    await run(
      lane,
      Effect.flatMap(KeyPins, ({ unpin }) => unpin(environment("nowhere")))
    )
  }
  if (Either.isLeft(result)) wrong.push(`the next command fails: ${result.left._tag}: ${result.left.message}`)
  if (took > 25_000) wrong.push(`the next command took ${Math.round(took)} ms`)
  const left = [...Tree.read(lane.folder).keys()].filter(
    (path) => !allowed.some((pattern) => pattern.test(path)) && !(before.has(path) && after.has(path))
  )
  if (left.length > 0) wrong.push(`left behind: ${left.join(", ")}`)
  return wrong
}

const allowed = [
  /^(?:project|home)$/,
  /^project\/(?:tako\.toml|tako\.gen\.ts|\.gitignore|\.tako|\.tako\/secrets\.json)$/,
  /^home\/(?:keys|keys\/[0-9a-f]{16}|pins\.json|rotated\.json|code|code\/[^/]+\.code)$/
]

const same = (a: unknown, b: unknown): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array
    ? Buffer.compare(a, b) === 0
    : JSON.stringify(a) === JSON.stringify(b)

export const sizeOf = (lane: Lane, path: string): number => Fs.statSync(Path.join(lane.folder, path)).size
