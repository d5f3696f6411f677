import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { omitUndefined } from "../../src/domain/omit-undefined.ts"

/** Room for one trial at a time: a project, a home, and a folder for temporary files. */
export interface Lane {
  readonly folder: string
  readonly project: string
  readonly home: string
  readonly temporary: string
}

export const makeLane = (root: string, index: number): Lane => {
  const folder = Path.join(root, `lane-${index}`)
  const lane = {
    folder: Path.join(folder, "state"),
    project: Path.join(folder, "state", "project"),
    home: Path.join(folder, "state", "home"),
    temporary: Path.join(folder, "tmp")
  }
  for (const path of [lane.project, lane.home, lane.temporary]) Fs.mkdirSync(path, { recursive: true })
  return lane
}

/** The environment of a trial, without any of the harness's own variables. */
export const variablesOf = (
  lane: Lane,
  more: Readonly<Record<string, string>> = {}
): Record<string, string> => ({
  PATH: process.env.PATH ?? "",
  HOME: lane.folder,
  TAKO_HOME: lane.home,
  TMPDIR: lane.temporary,
  UV_THREADPOOL_SIZE: "1",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.org",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.org",
  ...more
})

/** Anything that takes longer hangs, however busy the machine is. */
export const hangMs = 300_000

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Start {
  readonly directory: string
  readonly variables: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly uid?: number
  readonly timeoutMs?: number
  readonly started?: (child: ChildProcess) => void
}

/** Runs a program to completion in a session of its own. One that hangs is killed, and returns SIGKILL and "timeout". */
export const runToEnd = (
  [program, ...args]: readonly [string, ...ReadonlyArray<string>],
  { directory, variables, stdin = "", uid, timeoutMs = hangMs, started }: Start
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: directory,
      env: variables,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      ...omitUndefined({ uid, gid: uid })
    })
    const out: Array<Buffer> = []
    const err: Array<Buffer> = []
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk))
    let late = ""
    const timer = setTimeout(() => {
      late = "\ntimeout"
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
    }, timeoutMs)
    child.on("error", (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.on("close", (code, signal) => {
      clearTimeout(timer)
      const stderr = Buffer.concat(err).toString("utf8") + late
      resolve({ code, signal, stdout: Buffer.concat(out).toString("utf8"), stderr })
    })
    child.stdin.on("error", () => {})
    child.stdin.end(stdin)
    started?.(child)
  })

/** Distributes the work over the lanes, one piece at a time in each; returns what was done before the time was up. */
export const inLanes = async <A>(
  lanes: ReadonlyArray<Lane>,
  work: ReadonlyArray<A>,
  each: (piece: A, lane: Lane) => Promise<void>,
  minutes = Number.POSITIVE_INFINITY
): Promise<ReadonlyArray<A>> => {
  const left = [...work].reverse()
  const done: Array<A> = []
  const until = performance.now() + minutes * 60_000
  await Promise.all(
    lanes.map(async (lane) => {
      while (performance.now() < until) {
        const piece = left.pop()
        if (piece === undefined) return
        await each(piece, lane)
        done.push(piece)
      }
    })
  )
  return done
}
