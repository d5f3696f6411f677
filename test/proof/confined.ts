import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { commands } from "./commands.ts"
import { reportProblems } from "./faults.ts"
import { deriveCheaply } from "./in-process.ts"
import { goOn, judge } from "./judge.ts"
import { hangMs, runToEnd } from "./lane.ts"
import { trial } from "./report.ts"
import { makeStage, type Prepared, prepare, restore, type Stage, start } from "./stage.ts"

export interface Confined {
  readonly failures: ReadonlyArray<string>
  readonly outcomes: Readonly<Record<string, number>>
}

const page = 4096

/** Mounting is forbidden in most containers, even for root. */
const mayMount = (): boolean =>
  spawnSync("unshare", ["--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
    .status === 0

/** Runs commands on disks that are really full or really read-only, in a mount namespace of its own. */
export const confined = async (bin: string, isQuick: boolean): Promise<Confined> => {
  const stage = makeStage(bin, 1)
  const [lane] = stage.lanes
  const failures: Array<string> = []
  const outcomes: Record<string, number> = {}
  const count = (what: string) => {
    outcomes[what] = (outcomes[what] ?? 0) + 1
  }
  const all: Array<Prepared> = []
  const inQuick = ["set, the first secret", "key derive", "key rotate"]
  const tried = commands.filter(
    ({ terminal, name }) => terminal === undefined && (!isQuick || inQuick.includes(name))
  )
  for (const writing of tried) {
    // The code cache would not fit on the disk.
    const prepared = await prepare(stage, {
      ...writing,
      variables: { ...writing.variables, NODE_DISABLE_COMPILE_CACHE: "1" }
    })
    all.push({
      ...prepared,
      before: new Map([...prepared.before].filter(([path]) => !path.startsWith("home/code")))
    })
  }
  deriveCheaply()
  const mount = (...args: ReadonlyArray<string>) => {
    const { status, stderr } = spawnSync("mount", args, { encoding: "utf8" })
    if (status !== 0) throw new Error(`mount ${args.join(" ")}: ${stderr}`)
  }
  mount("-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", lane.folder)
  // A mount point cannot be removed with the stage.
  process.prependOnceListener("exit", () => spawnSync("umount", [lane.folder]))
  for (const prepared of all) {
    const { writing } = prepared
    for (const free of isQuick ? [0, 1, 3] : [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
      restore(stage, prepared.before, lane)
      const filler = Path.join(lane.folder, "filler")
      const { bavail } = Fs.statfsSync(lane.folder)
      Fs.writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - free) * page))
      const end = await start(stage, writing, "plain", lane, undefined)
      const { state, wrong } = await judge(stage, prepared, lane)
      Fs.rmSync(filler)
      const problems = [...wrong, ...reportProblems(end, state, lane), ...(await goOn(prepared, lane))]
      for (const what of problems)
        failures.push(
          `${writing.name} with ${free} free pages: ${what}\nexit ${end.code}: ${end.stderr.trim()}`
        )
      count(end.code === 0 ? "64 KiB disk: enough room" : `64 KiB disk: full, reported, ${state}`)
    }
    for (const part of ["project", "home"] as const) {
      restore(stage, prepared.before, lane)
      mount("--bind", lane[part], lane[part])
      mount("-o", "remount,bind,ro", lane[part])
      const end = await start(stage, writing, "plain", lane, undefined)
      spawnSync("umount", [lane[part]])
      const { state, wrong } = await judge(stage, prepared, lane)
      const problems = [...wrong, ...reportProblems(end, state, lane), ...(await goOn(prepared, lane))]
      for (const what of problems)
        failures.push(
          `${writing.name} with ${part} read-only: ${what}\nexit ${end.code}: ${end.stderr.trim()}`
        )
      count(end.code === 0 ? "read-only: not needed" : `read-only: reported, ${state}`)
    }
  }
  return { failures, outcomes }
}

export const disks = (stage: Stage, isQuick: boolean, program = fileURLToPath(import.meta.url)) =>
  trial("full and read-only disks", async (fail) => {
    if (!mayMount()) return { size: "not done", result: "mounting is not allowed here" }
    const node = [process.execPath, "--enable-source-maps", program, "confined", stage.tako[1]] as const
    const { code, signal, stdout, stderr } = await runToEnd(
      ["unshare", "--mount", "--propagation", "private", ...node, String(isQuick)],
      {
        directory: stage.root,
        variables: { ...process.env } as Record<string, string>,
        timeoutMs: 6 * hangMs
      }
    )
    if (code !== 0) throw new Error(`ended with ${code ?? signal}: ${stderr}`)
    const { failures, outcomes } = JSON.parse(stdout) as Confined
    for (const failure of failures) fail(failure)
    return {
      size: `${Object.values(outcomes).reduce((a, b) => a + b, 0)} runs on a 64 KiB tmpfs with 0 to 8 free pages, and with read-only mounts`,
      result: Object.entries(outcomes)
        .map(([what, times]) => `${what} ${times}`)
        .join("; ")
    }
  })
