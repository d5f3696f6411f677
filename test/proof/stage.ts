import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { ourselves } from "../../src/services/files/owner.ts"
import { newToken, temporaryName } from "../../src/services/files/replace.ts"
import { play, send, wait } from "../support/pty.ts"
import type { Writing } from "./commands.ts"
import { orThrow, run } from "./in-process.ts"
import { type Ended, hangMs, type Lane, makeLane, runToEnd, variablesOf } from "./lane.ts"
import { type Call, changing, describe, isWriting, parseFile } from "./strace.ts"
import * as Tree from "./tree.ts"

/**
 * Lanes in a folder that is removed with the process, in memory if possible, because a trial writes a hundred small
 * files.
 */
export interface Stage {
  readonly root: string
  readonly lanes: readonly [Lane, ...ReadonlyArray<Lane>]
  /** The program under trial, and the Node that runs it. */
  readonly tako: readonly [string, string]
}

export const makeStage = (bin: string, parallel: number): Stage => {
  const base = Fs.existsSync("/dev/shm") ? "/dev/shm" : Os.tmpdir()
  const root = Fs.mkdtempSync(Path.join(Fs.realpathSync(base), "tako-proof-"))
  process.once("exit", () => Fs.rmSync(root, { recursive: true, force: true }))
  const lanes = Array.from({ length: parallel }, (_, index) => makeLane(root, index))
  return { root, lanes: lanes as unknown as Stage["lanes"], tako: [process.execPath, bin] }
}

/** A system call during a write at which the command can be killed or refused. */
export interface Point {
  readonly name: string
  readonly when: number
  readonly does: string
  /** How many earlier calls are described alike. */
  readonly occurrence: number
}

/** A command, its initial state, and what a clean run does. */
export interface Prepared {
  readonly writing: Writing
  readonly variant: Variant
  readonly before: Tree.Tree
  readonly after: Tree.Tree
  readonly points: ReadonlyArray<Point>
  readonly calls: ReadonlyArray<Call>
}

export type Variant = "plain" | "leftovers" | "umask 077"

const codeFolder = (path: string): boolean => path === "home/code" || path.startsWith("home/code/")

/** Creates the initial state, and runs the command once under strace, undisturbed. */
export const prepare = async (
  stage: Stage,
  writing: Writing,
  variant: Variant = "plain"
): Promise<Prepared> => {
  const [lane] = stage.lanes
  Tree.write(
    lane.folder,
    new Map([
      ["project", folder],
      ["home", folder]
    ]),
    "",
    ""
  )
  for (const [program, variables] of writing.before) orThrow(await run(lane, program, variables ?? {}))
  if (writing.newMachine) Fs.rmSync(lane.home, { recursive: true })
  Fs.mkdirSync(lane.home, { recursive: true, mode: 0o700 })
  if (variant === "leftovers") leaveBehind(lane)
  const before: Tree.Tree = Tree.read(lane.folder)
  const trace = Path.join(stage.root, "clean.trace")
  restore(stage, before, lane)
  const ended = await start(stage, writing, variant, lane, ["-s", "70000", ...straceInto(trace)])
  if (ended.code !== 0)
    throw new Error(`the clean run of ${writing.name} ended with ${ended.code}: ${ended.stderr}`)
  const calls = parseFile(trace)
  const main = calls[0]?.pid
  const seen = calls.filter((call) => call.pid === main && isWriting(call, lane))
  return {
    writing,
    variant,
    before,
    after: Tree.read(lane.folder, codeFolder),
    points: seen.map((call, at) => {
      const does = describe(call, lane)
      const occurrence = seen.slice(0, at).filter((before) => describe(before, lane) === does).length
      return { name: call.name, when: call.nth, does, occurrence }
    }),
    calls: calls.filter(({ pid }) => pid === main)
  }
}

const folder = { kind: "folder", mode: 0o700 } as const

/** What a dead process left behind: a lock, a lock that was being broken, and half-written files. */
const leaveBehind = (lane: Lane): void => {
  const { boot, namespace, pid } = ourselves()
  const gone = (path: string) => temporaryName(path).replace(/-(\d+)-\d+-(\d+)-/, "-$1-1-$2-")
  const lock = () => `${JSON.stringify({ token: newToken(), boot, namespace, pid, start: "1" })}\n`
  const takoFolder = Path.join(lane.project, ".tako")
  if (Fs.existsSync(takoFolder)) {
    const file = Path.join(takoFolder, "secrets.json")
    const held = lock()
    Fs.writeFileSync(`${file}.lock`, held)
    Fs.writeFileSync(`${file}.lock.break-${JSON.parse(held).token}`, lock())
    Fs.writeFileSync(gone(file), "half of")
    Fs.writeFileSync(gone(`${file}.lock`), "")
  }
  if (Fs.existsSync(Path.join(lane.home, "keys"))) {
    Fs.writeFileSync(Path.join(lane.home, "pins.json.lock"), lock())
    Fs.writeFileSync(gone(Path.join(lane.home, "pins.json")), "{")
    Fs.writeFileSync(gone(Path.join(lane.home, "keys", "0123456789abcdef")), "AAAA", { mode: 0o600 })
  }
}

export const restore = (stage: Stage, tree: Tree.Tree, lane: Lane): void => {
  Tree.write(lane.folder, tree, stage.lanes[0].folder, lane.folder)
  for (const name of Fs.readdirSync(lane.temporary)) {
    Fs.rmSync(Path.join(lane.temporary, name), { recursive: true, force: true })
  }
}

/** The terminal's width, so large that no output is wrapped: a wrapped value would not be found. */
export const widest = 2000

export const straceInto = (trace: string, inject?: string): ReadonlyArray<string> => [
  "-f",
  "-qq",
  "-y",
  "-o",
  trace,
  "-e",
  `trace=${inject === undefined ? traced() : inject.split(":")[0]}`,
  ...(inject === undefined ? [] : ["-e", `inject=${inject}`])
]

const traced = () => changing.join(",")

/** Runs the command in the lane, under strace with these options. */
export const start = async (
  { tako }: Stage,
  writing: Writing,
  variant: Variant,
  lane: Lane,
  strace: ReadonlyArray<string> | undefined
): Promise<Ended> => {
  const plain = [...tako, ...writing.argv] as const
  const inUmask =
    variant === "umask 077" ? (["sh", "-c", 'umask 077; exec "$@"', "sh", ...plain] as const) : plain
  const command = (strace === undefined ? inUmask : ["strace", ...strace, ...inUmask]) as readonly [
    string,
    ...string[]
  ]
  // The launcher stores compiled code on a command's first run, which is tested in test/e2e/launcher.test.ts.
  const variables = variablesOf(lane, { NODE_DISABLE_COMPILE_CACHE: "1", ...writing.variables })
  if (writing.terminal === undefined) {
    return runToEnd(command, { directory: lane.project, variables, stdin: writing.stdin ?? "" })
  }
  const steps = writing.terminal.flatMap(([text, answer]) => [wait(text), send(answer)])
  const { output, exit } = await play({
    command,
    steps: [...steps, { do: "exit" }],
    environment: { ...variables, NO_COLOR: "1" },
    directory: lane.project,
    columns: widest,
    timeoutSeconds: hangMs / 1000
  })
  return "code" in exit
    ? { code: exit.code, signal: null, stdout: "", stderr: output }
    : { code: null, signal: exit.signal, stdout: "", stderr: output }
}
