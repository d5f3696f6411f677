import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { makeLane, variablesOf } from "./lane.ts"
import { trial } from "./report.ts"
import type { Stage } from "./stage.ts"

const canary = "canary-of-the-pipe"

/** What a thief stole from fds and pipes and found in memory, and how many folders of pipes it saw. */
interface Loot {
  readonly stolen: number
  readonly remembered: number
  readonly pools: number
}

/** Tries to read what other processes have on fd 3 and in memory, and the names of their pipes; prints its Loot. */
export const thief = async (pids: ReadonlyArray<string>, folder: string, tries: number): Promise<void> => {
  let stolen = 0
  let remembered = 0
  const pools = new Set<string>()
  const take = (path: string) => {
    let fd: number | undefined
    try {
      fd = Fs.openSync(path, Fs.constants.O_RDONLY | Fs.constants.O_NONBLOCK)
      const bytes = Buffer.alloc(4096)
      const count = Fs.readSync(fd, bytes, 0, bytes.length, null)
      if (bytes.subarray(0, count).includes(canary)) stolen += 1
    } catch {
      // Not allowed, gone, or empty.
    } finally {
      if (fd !== undefined) Fs.closeSync(fd)
    }
  }
  const namesIn = (path: string): ReadonlyArray<string> => {
    try {
      return Fs.readdirSync(path)
    } catch {
      return []
    }
  }
  for (let index = 0; index < tries && !Fs.existsSync(`${folder}.stop`); index++) {
    for (const pid of pids) {
      take(`/proc/${pid}/fd/3`)
      for (const fd of namesIn(`/proc/${pid}/fd`)) take(`/proc/${pid}/fd/${fd}`)
      take(`/proc/${pid}/environ`)
      if (isInMemoryOf(pid)) remembered += 1
    }
    for (const pool of namesIn(folder)) {
      // Reports that a pool was seen to whoever waits for it; JSON allows the leading space.
      if (pools.size === 0) Fs.writeSync(1, " ")
      pools.add(pool)
      for (const name of namesIn(Path.join(folder, pool))) take(Path.join(folder, pool, name))
    }
  }
  process.stdout.write(JSON.stringify({ stolen, remembered, pools: pools.size } satisfies Loot))
}

/** Searches all writable memory of a process (proc(5): `maps` lists it, `mem` contains it). */
const isInMemoryOf = (pid: string): boolean => {
  let fd: number | undefined
  try {
    fd = Fs.openSync(`/proc/${pid}/mem`, "r")
    const bytes = Buffer.alloc(1024 * 1024)
    const maps = Fs.readFileSync(`/proc/${pid}/maps`, "latin1")
    for (const [, from = "", to = ""] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
      const end = Number.parseInt(to, 16)
      let at = Number.parseInt(from, 16)
      while (at < end) {
        const count = readAt(fd, bytes, Math.min(bytes.length, end - at), at)
        if (bytes.subarray(0, count).includes(canary)) return true
        // A value across two chunks is whole in the next one, because they overlap.
        if (count <= canary.length) break
        at += at + count < end ? count - canary.length : count
      }
    }
    return false
  } catch {
    return false
  } finally {
    if (fd !== undefined) Fs.closeSync(fd)
  }
}

const readAt = (fd: number, bytes: Buffer, length: number, at: number): number => {
  try {
    return Fs.readSync(fd, bytes, 0, length, at)
  } catch {
    return 0
  }
}

/** With Yama, not even the same user may read the memory of a process that is not its child (ptrace(2)). */
const isYamaEnabled = (): boolean => {
  try {
    return Fs.readFileSync("/proc/sys/kernel/yama/ptrace_scope", "latin1").trim() !== "0"
  } catch {
    return false
  }
}

const victim = 64_001
const stranger = 64_002

/** Runs a program with unread secrets on fd 3 beside a thief with another uid, then with the same. */
export const theft = (stage: Stage, tries: number, program = fileURLToPath(import.meta.url)) =>
  trial("theft of fd 3", async (fail) => {
    if (process.getuid?.() !== 0)
      throw new Error("this trial starts processes of other users, so it must run as root")
    // Both users must be able to reach the program, Node and the bundle, none of which is secret.
    const open = Path.join(stage.root, "open")
    Fs.mkdirSync(open)
    for (const path of [stage.root, open]) Fs.chmodSync(path, 0o755)
    const code = Path.join(open, "proof.mjs")
    Fs.copyFileSync(program, code)
    const dist = Path.dirname(stage.tako[1])
    for (const name of Fs.readdirSync(dist).filter((name) => name.endsWith(".cjs")))
      Fs.copyFileSync(Path.join(dist, name), Path.join(open, name))
    Fs.symlinkSync(
      Path.join(process.env.TAKO_PROOF_ROOT ?? process.cwd(), "node_modules"),
      Path.join(open, "node_modules")
    )
    const node = Path.join(open, "node")
    Fs.copyFileSync(process.execPath, node)
    Fs.chmodSync(node, 0o755)
    const lane = makeLane(stage.root, 70)
    Fs.chmodSync(Path.dirname(lane.folder), 0o755)
    for (const path of [lane.folder, lane.project, lane.home, lane.temporary])
      Fs.chownSync(path, victim, victim)
    const as = (uid: number, args: ReadonlyArray<string>, stdin?: string) => {
      const child = spawn(node, args, {
        cwd: lane.project,
        env: variablesOf(lane, { TAKO_PASSPHRASE: "a passphrase of the proof" }),
        uid,
        gid: uid,
        stdio: ["pipe", "pipe", "pipe"]
      })
      let out = ""
      let err = ""
      child.stdout.on("data", (chunk) => (out += chunk))
      child.stderr.on("data", (chunk) => (err += chunk))
      child.stdin.on("error", () => {})
      child.stdin.end(stdin ?? "")
      const end = new Promise<string>((resolve, reject) =>
        child.on("close", (status) =>
          status === 0 ? resolve(out) : reject(new Error(`${args[0]} ended with ${status}: ${err}`))
        )
      )
      return { child, end, output: () => out }
    }
    const tako = Path.join(open, "tako.cjs")
    await as(victim, [tako, "secrets", "set", "A", "--env", "development"], canary).end

    /** Starts the program, waits until it runs, and lets the thief try. */
    const steal = async (uid: number, times: number): Promise<Loot> => {
      const idle = "process.stdout.write(process.pid + ' '); setInterval(() => {}, 1000)"
      const { child, output, end } = as(victim, [tako, "run", "--", node, "-e", idle])
      end.catch(() => {})
      try {
        for (let waited = 0; !output().includes(" "); waited++) {
          if (waited > 2000) throw new Error("the program never started")
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        return JSON.parse(
          await as(uid, [code, "thief", `${output().trim()},${child.pid}`, lane.temporary, String(times)]).end
        )
      } finally {
        const pid = Number(output())
        if (pid > 0) process.kill(pid, "SIGKILL")
        child.kill("SIGKILL")
        await end.catch(() => {})
      }
    }
    /**
     * Starts one program after another while a thief looks for the names of their pipes, until it has seen one. A name exists
     * for a few ms, and a busy machine may not let the thief look at that moment.
     */
    const race = async (uid: number, starts: number): Promise<Loot> => {
      const waiting = as(uid, [code, "thief", "", lane.temporary, "100000000"])
      for (let index = 0; index < starts || (waiting.output() === "" && index < 20 * starts); index++)
        await as(victim, [tako, "run", "--", "sleep", "0.05"]).end
      Fs.writeFileSync(`${lane.temporary}.stop`, "")
      const got = JSON.parse(await waiting.end) as Loot
      Fs.rmSync(`${lane.temporary}.stop`)
      return got
    }
    const byStranger = await steal(stranger, tries)
    const inRace = await race(stranger, Math.min(20, Math.ceil(tries / 100)))
    const bySame = await steal(victim, 1)
    const times = byStranger.stolen + byStranger.remembered + inRace.stolen
    if (times > 0) fail(`a process of another uid got the secrets ${times} times`)
    // These show that the thief can steal: if one of them ever fails, the zeros above prove nothing.
    if (bySame.stolen === 0)
      fail(
        "a process of the same uid got nothing: the thief cannot steal, or this kernel hides more than the documentation says"
      )
    if (bySame.remembered === 0 && !isYamaEnabled())
      fail("a process of the same uid found nothing in memory: the thief does not know where to look")
    if (inRace.pools === 0)
      fail("the thief saw no folder of pipes during the starts: there was nothing to race for")
    return {
      size: `${tries} attempts at every fd, and at the pipes' names during starts`,
      result: `another uid ${times} of ${tries}; the same uid gets them at the first attempt (as documented)`
    }
  })
