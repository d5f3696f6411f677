import { type ChildProcess, spawn } from "node:child_process"
import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Http from "node:http"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import { onTestFinished } from "vitest"
import type { ReplyOf } from "../../src/domain/protocol/replies.ts"
import type { Command, RequestOf } from "../../src/domain/protocol/requests.ts"
import { connect } from "../../src/programs/client/client.ts"
import { layerLocal } from "../../src/services/transport/layer-local.ts"
import { writableCgroup } from "./cgroup.ts"
import { eventually } from "./eventually.ts"

/** The built program. */
export const serverBin =
  process.env.TAKO_SERVER_BIN ?? Path.resolve(import.meta.dirname, "../../dist/tako-server.cjs")

export const isRoot = process.getuid?.() === 0

/** Room for one tako-server after another: a data directory, a socket, apps. Nothing is left of it afterwards. */
export interface Host {
  readonly folder: string
  readonly data: string
  readonly socket: string
  /** A folder with these files that every user may read. */
  readonly folderOf: (files: Readonly<Record<string, string>>) => string
  /** A free address for a front. */
  readonly address: () => string
  readonly start: (options?: StartOptions) => Promise<Server>
  /** Asks whatever server listens there; rejects with its message. */
  readonly call: ReturnType<typeof callOf>
  /** Sends one line verbatim, and receives one line. */
  readonly ask: (line: string) => Promise<string>
  /** Every process on this machine that was started for an app of this server. */
  readonly instances: () => ReadonlyArray<number>
  readonly remove: () => Promise<void>
}

export interface StartOptions {
  readonly args?: ReadonlyArray<string>
  /** In front of the server's own command line. */
  readonly wrapper?: ReadonlyArray<string>
  readonly variables?: Readonly<Record<string, string>>
}

export interface Server {
  /** The server's own, even if there is a wrapper. */
  readonly pid: number
  /** Everything it has written. */
  readonly log: () => string
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  readonly kill: (signal?: NodeJS.Signals) => void
  /** SIGTERM, and waits for its end. */
  readonly stop: () => Promise<void>
}

/** Removed after the test; outside of a test, `onEnd` is afterAll. */
export const makeHost = (onEnd: (remove: () => Promise<void>) => void = onTestFinished): Host => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-host-"))
  // Apps have users of their own, who get to their folders.
  Fs.chmodSync(folder, 0o711)
  const data = Path.join(folder, "data")
  const socket = Path.join(folder, "run", "s")
  const started = new Set<Server>()
  const pids = new Set<number>()
  const instances = () => startedFor(data)
  const host: Host = {
    folder,
    data,
    socket,
    folderOf: (files) => folderWith(folder, files),
    address: () => `127.${byte()}.${byte()}.${byte()}:${20_000 + Crypto.randomInt(10_000)}`,
    start: async ({ args = [], wrapper = [], variables = {} } = {}) => {
      const [command = "", ...rest] = [
        ...wrapper,
        process.execPath,
        serverBin,
        ...["--data-dir", data, "--socket", socket, "--window", "0.3", "--start-within", "20"],
        ...args
      ]
      const child = spawn(command, rest, {
        cwd: folder,
        env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8", ...variables },
        stdio: ["ignore", "ignore", "pipe"]
      })
      const server = serverOf(child)
      started.add(server)
      let isOver = false
      void server.ended.finally(() => {
        isOver = true
        started.delete(server)
      })
      await eventually("tako-server listening", () => {
        if (isOver) throw new Error(`tako-server ended: ${server.log()}`)
        return server.log().includes("tako-server listening")
      })
      pids.add(server.pid)
      return server
    },
    call: callOf(socket),
    ask: (line) => askLine(socket, line),
    instances,
    remove: async () => {
      for (const server of started) server.kill()
      for (const pid of instances()) killQuietly(pid, "SIGKILL")
      await eventually("nothing is left", () => started.size === 0 && instances().length === 0)
      removeClaims(data)
      for (const pid of pids) await removeCgroups(pid)
      Fs.rmSync(folder, { recursive: true, force: true })
    }
  }
  onEnd(host.remove)
  return host
}

/** Servers note on this machine which user ids are theirs. */
const removeClaims = (data: string): void => {
  const claims = "/run/tako/uids"
  for (const name of Fs.existsSync(claims) ? Fs.readdirSync(claims) : []) {
    const path = Path.join(claims, name)
    if (Fs.readFileSync(path, "utf8").startsWith(`${data}/`)) Fs.rmSync(path)
  }
}

/** A server that was killed leaves them to the next one, perhaps with processes. */
const removeCgroups = async (pid: number): Promise<void> => {
  if (writableCgroup === undefined) return
  for (const name of Fs.readdirSync(writableCgroup)) {
    if (!name.startsWith(`tako-server.${pid}.`)) continue
    const folder = Path.join(writableCgroup, name)
    Fs.writeFileSync(Path.join(folder, "cgroup.kill"), "1")
    await eventually("the server's cgroups are empty", () => isRemoved(folder))
  }
}

const isRemoved = (cgroup: string): boolean => {
  try {
    for (const entry of Fs.readdirSync(cgroup, { withFileTypes: true })) {
      if (entry.isDirectory()) Fs.rmdirSync(Path.join(cgroup, entry.name))
    }
    Fs.rmdirSync(cgroup)
    return true
  } catch {
    return !Fs.existsSync(cgroup)
  }
}

const callOf =
  (socket: string) =>
  <C extends Command>(request: RequestOf<C> & { readonly command: C }): Promise<ReplyOf<C>> =>
    Effect.runPromise(
      connect({ _tag: "Local", name: "local", socket }).pipe(
        Effect.flatMap((server) => server.call<C>(request)),
        Effect.scoped,
        Effect.provide(layerLocal)
      )
    )

const byte = (): number => Crypto.randomInt(1, 255)

const folderWith = (parent: string, files: Readonly<Record<string, string>>): string => {
  const folder = Fs.mkdtempSync(Path.join(parent, "app-"))
  Fs.chmodSync(folder, 0o755)
  for (const [name, content] of Object.entries(files)) {
    Fs.writeFileSync(Path.join(folder, name), content)
    Fs.chmodSync(Path.join(folder, name), 0o755)
  }
  return folder
}

const serverOf = (child: ChildProcess): Server => {
  let log = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log += text
  })
  const ended = new Promise<Awaited<Server["ended"]>>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }))
  })
  const pidOf = (): number => {
    const [, pid] = /"event":"tako-server listening".*?"pid":(\d+)/.exec(log) ?? []
    return Number(pid ?? child.pid)
  }
  const kill = (signal: NodeJS.Signals = "SIGKILL") => killQuietly(pidOf(), signal)
  return {
    get pid() {
      return pidOf()
    },
    log: () => log,
    ended,
    kill,
    stop: async () => {
      kill("SIGTERM")
      await ended
    }
  }
}

const startedFor = (data: string): ReadonlyArray<number> => {
  const mark = `TAKO_DATA_DIR=${data}/`
  return Fs.readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return Fs.readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)
      } catch {
        return false
      }
    })
}

const killQuietly = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

export const askLine = (socket: string, line: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let received = ""
    const client = Net.connect(socket, () => client.write(`${line}\n`))
    client.setEncoding("utf8").on("data", (text: string) => {
      received += text
      if (received.endsWith("\n")) client.destroy()
    })
    client.on("error", reject)
    client.on("close", () => resolve(received.trimEnd()))
  })

export interface Got {
  readonly status: number
  readonly body: string
}

/** One request on a connection of its own. */
export const get = (address: string, path = "/"): Promise<Got> =>
  new Promise((resolve, reject) => {
    const asked = Http.get(`http://${address}${path}`, { agent: false, timeout: 15_000 }, (answer) => {
      let body = ""
      answer.setEncoding("utf8").on("data", (text: string) => {
        body += text
      })
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }))
      answer.on("error", reject)
    })
    asked.on("timeout", () => asked.destroy(new Error("no answer")))
    asked.on("error", reject)
  })
