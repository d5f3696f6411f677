import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import type { Lane } from "../../proof/lane.ts"
import { changing, generalised, parse, pathsOf } from "../../proof/strace.ts"
import { eventually } from "../../support/eventually.ts"
import { needs } from "../../support/needs.ts"

/** Whether strace may attach to a process that it did not start: if Yama allows it (ptrace(2)), or with CAP_SYS_PTRACE. */
export const mayTrace = (): boolean => {
  const scope = "/proc/sys/kernel/yama/ptrace_scope"
  if (!needs("strace")) return false
  if (!Fs.existsSync(scope) || Fs.readFileSync(scope, "utf8").trim() === "0") return true
  const [, capabilities = "0"] = /^CapEff:\s*(\w+)$/m.exec(Fs.readFileSync("/proc/self/status", "utf8")) ?? []
  return ((BigInt(`0x${capabilities}`) >> 19n) & 1n) === 1n
}

/** A call of the server's main thread, which makes all of its changes to the data directory. */
export interface Place {
  readonly name: string
  /** Which call of that name it is, from 1. */
  readonly nth: number
  /** "rename apps/shop/production/state.json.(temporary) apps/shop/production/state.json" */
  readonly does: string
  /** Whether the call was prevented. */
  readonly isCut: boolean
}

/** What is injected into a call, in strace's syntax: `signal=SIGKILL`, `error=ENOSPC`. */
export interface Injection {
  readonly call: string
  readonly what: string
  readonly nth: number
}

export interface Trace {
  /** Ends the trace, if it has not ended with the server, and returns the server's changes to the directory. */
  readonly end: () => Promise<ReadonlyArray<Place>>
}

/** Traces the calls of a process's main thread from now on. */
export const trace = async (pid: number, folder: string, injection?: Injection): Promise<Trace> => {
  const file = Path.join(Path.dirname(folder), `trace-${pid}`)
  const inject =
    injection === undefined ? [] : ["-e", `inject=${injection.call}:${injection.what}:when=${injection.nth}`]
  const args = ["-p", `${pid}`, "-y", "-s", "512", "-o", file, "-e", `trace=${changing.join(",")}`, ...inject]
  const strace = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] })
  let said = ""
  strace.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text
  })
  const ended = new Promise<void>((resolve) => strace.once("exit", () => resolve()))
  await eventually("strace looks", () => said.includes("attached"))
  return {
    end: async () => {
      strace.kill("SIGINT")
      await ended
      return placesIn(Fs.readFileSync(file, "latin1"), folder)
    }
  }
}

const placesIn = (text: string, folder: string): ReadonlyArray<Place> => {
  const lane = { folder } as Lane
  // The format of a trace of all threads.
  const calls = parse(text.replace(/^/gm, "1 "))
  return calls.flatMap((call): ReadonlyArray<Place> => {
    const paths = pathsOf(call, lane).map((path) => generalised(path).replace(/secrets\.\d+/, "secrets.(n)"))
    const { name, nth, result } = call
    const isReading = name === "openat" && !call.args.includes("O_CREAT")
    if (paths.length === 0 || paths[0]?.startsWith("logs/") || isReading) return []
    const isCut = result.startsWith("?") || result.includes("(INJECTED)")
    return [{ name, nth, does: [name, ...new Set(paths)].join(" "), isCut }]
  })
}
