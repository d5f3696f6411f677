import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { inflateSync } from "node:zlib"
import { play, send, wait } from "../../support/pty.ts"
import { type Ended, hangMs, type Lane, runToEnd, variablesOf } from "../lane.ts"
import { restore, type Stage, widest } from "../stage.ts"
import * as Tree from "../tree.ts"
import { type Look, searchCalls, traced } from "./calls.ts"
import { searchFor } from "./needles.ts"
import { app, type Canaries, makeCanaries } from "./project.ts"
import { nowhere, type Row } from "./rows.ts"
import { type Served, serve } from "./served.ts"
import { type Answered, serverOf, startBeside } from "./server.ts"

/** The initial states of rows: without and with a server. */
export interface Prepared {
  readonly canaries: Canaries
  readonly served: Served
}

let made: Promise<Prepared> | undefined

/** Creates the states once for both trials: the planted leaks and the matrix. */
export const preparedFor = (stage: Stage): Promise<Prepared> => {
  made ??= makeCanaries(stage.root, stage.lanes[0]).then(async (canaries) => ({
    canaries,
    served: await serve(stage, canaries)
  }))
  return made
}

export interface Tried {
  readonly found: ReadonlyArray<string>
  readonly ended: Ended
  readonly searched: number
}

/** Runs a row under strace, with the server that answers it, and searches everywhere. */
export const tryRow = async (
  stage: Stage,
  { canaries, served }: Prepared,
  row: Row,
  lane: Lane,
  program: readonly [string, string] = programOf(stage, row)
): Promise<Tried> => {
  const isServed = (row.server ?? row.between ?? row.program) !== undefined
  const tree = isServed ? new Map([...canaries.tree, ...served.tree]) : canaries.tree
  const secrets = isServed ? { ...canaries.secrets, "the server's key": served.key } : canaries.secrets
  restore(stage, tree, lane)
  row.spoil?.(lane, canaries)
  const before = Tree.read(lane.folder)
  const trace = Path.join(stage.root, `${Path.basename(Path.dirname(lane.folder))}.leaks`)
  const found: Array<string> = []
  let searched = 0
  const look: Look = (where, bytes, allowed = []) => {
    searched += bytes.length
    for (const what of searchFor(secrets, bytes)) {
      if (!allowed.some((secret) => what.startsWith(`${secret} `))) found.push(`${what} in ${where}`)
    }
  }
  const watching = setInterval(() => searchProcesses(look), 40)
  let ended: Ended
  let answered: Answered | undefined
  let socket: string | undefined
  try {
    const beside = await startBeside(stage, lane, row)
    socket = beside.socket
    ended = await start(row, lane, [...traced(trace), ...program, ...row.argv], socket).finally(async () => {
      answered = await beside.stop()
    })
  } finally {
    clearInterval(watching)
  }
  look("stdout", Buffer.from(ended.stdout), row.prints)
  look("stderr", Buffer.from(ended.stderr))
  for (const [path, entry] of Tree.read(lane.folder)) {
    const was = before.get(path)
    look("a file's name", Buffer.from(path))
    if (entry.kind !== "file" || (was?.kind === "file" && was.bytes.equals(entry.bytes))) continue
    look(`the file ${path}`, entry.bytes, path.startsWith("home/keys/") ? ["the key"] : [])
  }
  for (const [path, entry] of Tree.read(lane.temporary))
    if (entry.kind === "file") look(`the temporary file ${path}`, entry.bytes)
  searchCalls(trace, { program: program[1], prints: row.prints, socket }, look)
  if (answered !== undefined) {
    const { code, stdout, stderr } = answered.ended
    if (code !== 0 || stderr.includes("hit a bug")) found.push(`tako-server ended with ${code}: ${stderr}`)
    look("tako-server's stdout", Buffer.from(stdout))
    look("tako-server's stderr", Buffer.from(stderr))
    const by = (where: string, ...rest: [Buffer, ReadonlyArray<string>?]) =>
      look(`${where} by tako-server`, ...rest)
    searchCalls(answered.trace, { program: serverOf(stage), app }, by)
  }
  if (row.commits && row.spoil === undefined) searchCommit(lane, look)
  return { found: [...new Set(found)], ended, searched }
}

const programOf = (stage: Stage, { bare, program }: Row): readonly [string, string] => {
  if (program === "tako-server") return [stage.tako[0], serverOf(stage)]
  return bare ? [stage.tako[0], bareCopy(stage)] : stage.tako
}

const start = (row: Row, lane: Lane, command: ReadonlyArray<string>, socket = nowhere): Promise<Ended> => {
  const variables = variablesOf(lane, { TAKO_SOCKET: socket, ...row.variables })
  // strace itself is found on the PATH of the proof.
  const whole = ["env", "-i", ...Object.entries(variables).map(([name, text]) => `${name}=${text}`)]
  const argv = command
  if (row.terminal !== undefined) {
    return play({
      command: argv as [string, ...Array<string>],
      steps: [...row.terminal.flatMap(([text, answer]) => [wait(text), send(answer)]), { do: "exit" }],
      environment: { ...variables, NO_COLOR: "1" },
      directory: lane.project,
      columns: widest,
      timeoutSeconds: hangMs / 1000
    }).then(({ output, exit }) => ({
      code: "code" in exit ? exit.code : null,
      signal: "signal" in exit ? exit.signal : null,
      stdout: "",
      stderr: output.replaceAll("\r\n", "\n")
    }))
  }
  if (row.meanwhile !== undefined) return withOpenStdin(row, lane, argv, variables)
  const at = argv.indexOf(process.execPath)
  const inside =
    row.variables?.PATH === undefined ? argv : [...argv.slice(0, at), ...whole, ...argv.slice(at)]
  const outer = row.variables?.PATH === undefined ? variables : { ...variables, PATH: process.env.PATH ?? "" }
  return runToEnd(inside as [string, ...Array<string>], {
    directory: lane.project,
    variables: outer,
    stdin: row.stdin ?? ""
  })
}

/** Writes stdin only once the command waits for it, by which time it has read the file. */
const withOpenStdin = (
  row: Row,
  lane: Lane,
  argv: ReadonlyArray<string>,
  variables: Record<string, string>
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const [program = "", ...args] = argv
    const child: ChildProcess = spawn(program, args, {
      cwd: lane.project,
      env: variables,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"]
    })
    let stderr = ""
    child.stderr?.on("data", (chunk) => (stderr += chunk))
    child.on("error", reject)
    const tooLong = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), hangMs)
    child.on("close", (code, signal) => {
      clearTimeout(tooLong)
      resolve({ code, signal, stdout: "", stderr })
    })
    child.stdin?.on("error", () => {})
    child.stdin?.write(row.stdin ?? "")
    const reading = setInterval(() => {
      // strace's only child is the program.
      if (child.exitCode !== null || child.signalCode !== null) return clearInterval(reading)
      const tracee = Fs.readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "latin1")
        .trim()
        .split(" ")[0]
      if (!tracee || !isWaiting(tracee)) return
      clearInterval(reading)
      row.meanwhile?.(lane)
      child.stdin?.end()
    }, 50)
  })

/** Whether its event loop waits for fd 0: one of its files is an epoll instance that watches it (proc_pid_fdinfo(5)). */
const isWaiting = (pid: string): boolean => {
  const folder = `/proc/${pid}/fdinfo`
  try {
    return Fs.readdirSync(folder).some((fd) =>
      /^tfd: +0 /m.test(Fs.readFileSync(`${folder}/${fd}`, "latin1"))
    )
  } catch {
    return false
  }
}

/** Processes older than this one cannot be ours. */
const older = new Set(
  Fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
)

const searchProcesses = (look: Look): void => {
  for (const pid of Fs.readdirSync("/proc")) {
    if (!/^\d+$/.test(pid) || older.has(pid)) continue
    try {
      const { cmdline, environ } = startedAs(pid)
      const line = cmdline.toString("latin1")
      look(`/proc/${pid}/environ`, environ, isGiven(line) ? all : [])
      look(`/proc/${pid}/cmdline`, cmdline, isGiven(line) || isServer(line) ? all : [])
    } catch {
      // The process has ended, or we may not read it.
    }
  }
}
const all = ["the value", "the passphrase", "the key"]

/** Reads both for the same program: a process that execs between the reads would mix the old one's with the new one's. */
const startedAs = (pid: string): { readonly cmdline: Buffer; readonly environ: Buffer } => {
  const cmdline = Fs.readFileSync(`/proc/${pid}/cmdline`)
  const environ = Fs.readFileSync(`/proc/${pid}/environ`)
  const isSame = Fs.readFileSync(`/proc/${pid}/cmdline`).equals(cmdline)
  return isSame ? { cmdline, environ } : startedAs(pid)
}

/** strace and the program itself have the arguments that the trial gave them, as a user would. */
const isGiven = (line: string): boolean =>
  /(?:^|\0)strace\0|tako\.cjs\0/.test(line) || /^(?:\/usr\/bin\/)?python/.test(line)

const isServer = (line: string): boolean => line.includes("tako-server.cjs\0")

const searchCommit = (lane: Lane, look: Look): void => {
  const git = (...args: ReadonlyArray<string>) =>
    runSync(
      ["git", "-c", "gc.auto=0", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args],
      lane
    )
  git("init", "--quiet")
  git("add", "--all")
  git("commit", "--quiet", "--message", "canaries")
  const objects = Path.join(lane.project, ".git", "objects")
  let count = 0
  for (const [, entry] of Tree.read(objects)) {
    if (entry.kind !== "file") continue
    look("a git object", inflateSync(entry.bytes))
    count += 1
  }
  if (count < 3) throw new Error("nothing was committed")
}

const runSync = ([program = "", ...args]: ReadonlyArray<string>, lane: Lane): void => {
  spawnSync(program, args, { cwd: lane.project, env: variablesOf(lane), stdio: "ignore" })
}

const bareCopy = (stage: Stage): string => {
  const folder = Path.join(stage.root, "bare")
  if (!Fs.existsSync(folder)) {
    Fs.mkdirSync(folder)
    for (const name of ["tako.cjs", "cli.cjs"])
      Fs.copyFileSync(Path.join(Path.dirname(stage.tako[1]), name), Path.join(folder, name))
  }
  return Path.join(folder, "tako.cjs")
}
