// How secrets get here: tako starts the process with a pipe on fd 3 that contains them, and TAKO_PIPE identifies the pipe.
// It is read once, when this file is first imported; every copy of this code in the process, and in its workers, shares what
// was read. No value is ever in the environment, in an argument or in a file.

/** The parts of Node used here, so that this compiles with and without Node's types. */
interface NodeProcess {
  readonly env: Variables
  readonly argv: ReadonlyArray<string>
  readonly platform: string
  getBuiltinModule?<Name extends keyof Builtins>(name: Name): Builtins[Name]
}

interface Variables {
  TAKO_PIPE?: string
  readonly ENV?: string
  readonly NODE_ENV?: string
  readonly PORT?: string
  readonly HOST?: string
  readonly TAKO_BUILD?: string
  readonly TAKO_DATA_DIR?: string
  readonly PWD?: string
  readonly npm_lifecycle_event?: string
}

interface Builtins {
  readonly fs: {
    readonly constants: { readonly O_NONBLOCK: number; readonly O_WRONLY: number }
    closeSync(fd: number): void
    fstatSync(fd: number, options: BigInts): Stats
    mkdtempSync(prefix: string): string
    openSync(path: string, flags: number | "r" | "r+"): number
    readFileSync(file: number | string): Uint8Array
    readSync(fd: number, into: Uint8Array): number
    rmSync(path: string, options: { readonly recursive: true }): void
    statSync(path: string, options: BigInts): Stats
    writeFileSync(path: string, text: string, options: { readonly flag: number }): void
    writeSync(fd: number, bytes: Uint8Array): number
  }
  readonly buffer: {
    readonly Buffer: {
      alloc(length: number): Uint8Array
      concat(all: ReadonlyArray<Uint8Array>): Uint8Array
      from(text: string): Uint8Array
    }
  }
  readonly child_process: {
    spawnSync(command: string, args: ReadonlyArray<string>): { readonly status: number | null }
  }
  readonly crypto: { createSecretKey(text: string, encoding: "utf8"): Sealed }
  readonly net: {
    readonly Socket: new (options: { readonly fd: number; readonly readable: false }) => Socket
  }
  readonly os: { tmpdir(): string }
  readonly worker_threads: {
    readonly isMainThread: boolean
    getEnvironmentData(key: string): unknown
    setEnvironmentData(key: string, value: Sealed | Problem): void
  }
}

interface BigInts {
  readonly bigint: true
}

interface Stats {
  readonly dev: bigint
  readonly ino: bigint
  isFIFO(): boolean
}

interface Socket {
  on(event: "error", listener: () => void): this
  end(bytes: Uint8Array): unknown
}

/** Node's KeyObject: it can be sent to workers, and printing it does not show its content. */
interface Sealed {
  export(): { toString(): string }
}

interface Envelope {
  readonly secrets: Readonly<Record<string, string>>
  /** The environment that the secrets belong to; older versions of tako do not send it. */
  readonly environment?: string
}

/** Why there is no envelope, and what to do about it. */
type Problem = readonly [code: string, sentence: string]

/** The envelope of this process, shared by all copies of this code. Without one it throws, naming what was `wanted`. */
interface Bag {
  (wanted: string): Envelope
  (): Envelope | Problem
}

const nodeProcess: NodeProcess | undefined = (globalThis as unknown as { process?: NodeProcess }).process
const builtin = nodeProcess?.getBuiltinModule as Required<NodeProcess>["getBuiltinModule"]
const variables: Variables = nodeProcess?.env ?? {}
const shared = "tako/fd3/v1"
const toWrite = ({ constants }: Builtins["fs"]) => constants.O_WRONLY | constants.O_NONBLOCK

/**
 * The secrets of this process. `secrets.NAME` is the value, and throws if it was not delivered; `"NAME" in secrets` says
 * whether it was. The object itself prints as `[REDACTED]`, has no keys to copy or list, and cannot be changed.
 */
export function loadSecrets<T extends object>(): T {
  const bag = openBag()
  const isName = (key: string | symbol): key is string => /^[A-Z][A-Z\d_]*$/.test(String(key))
  const redacted = { value: () => "[REDACTED]" }
  const inspect = { [Symbol.for("nodejs.util.inspect.custom")]: redacted }
  const shown = Object.create(null, { toString: redacted, toJSON: redacted, ...inspect })
  const refuse = () => fail("READ_ONLY", "Secrets are read-only. Type: tako secrets set NAME")
  const handler: ProxyHandler<T> = {
    get(target, key) {
      if (!isName(key)) return target[key as keyof T]
      return (
        bag(key).secrets[key] ??
        fail(
          "NOT_DELIVERED",
          `${key} was not delivered: ${env} does not have it.\n` +
            `Set it, then start again: tako secrets set ${key} --env ${env}`
        )
      )
    },
    has: (target, key) => (isName(key) ? key in bag(key).secrets : key in target),
    set: refuse,
    deleteProperty: refuse
  }
  // The handler too: console.log("%o") shows the handler of a proxy.
  Object.defineProperties(handler, inspect)
  return new Proxy(Object.freeze(Object.create(Object.freeze(shown))), handler)
}

/**
 * Passes the secrets on to a child process, in a pipe of its own on its fd 3. `start` is called at once, and must start the
 * process before it returns: with this `env`, and with `fd` as its fourth stdio entry.
 *
 *     handOver(({ env, fd }) => spawn("node", ["job.js"], { env, stdio: ["inherit", "inherit", "inherit", fd] }))
 *     handOver(({ env, fd }) => fork("job.js", { env, stdio: ["inherit", "inherit", "inherit", fd, "ipc"] }))
 */
export function handOver<Started>(
  start: (pipe: { readonly env: Record<string, string | undefined>; readonly fd: number }) => Started
): Started {
  const envelope = JSON.stringify(openBag()("What to hand over"))
  const fs = builtin("fs")
  // Node's own pipes to children are sockets, and a child cannot tell whether it was meant to read one. A FIFO has an inode
  // number that is known before the child starts, so TAKO_PIPE can name it.
  const folder = fs.mkdtempSync(`${builtin("os").tmpdir()}/tako-`)
  const path = `${folder}/pipe`
  let fd: number
  let writeEnd: number
  try {
    builtin("child_process").spawnSync("mkfifo", ["-m", "600", path])
    fd = openToRead(fs, path)
    writeEnd = fs.openSync(path, toWrite(fs))
  } catch {
    fail("NO_MKFIFO", "handOver needs mkfifo (coreutils).")
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
  const bytes = builtin("buffer").Buffer.from(envelope)
  const rest = bytes.subarray(fs.writeSync(writeEnd, bytes))
  if (!rest.length) fs.closeSync(writeEnd)
  try {
    return start({ env: { ...variables, TAKO_PIPE: identityOf(fs, fd) }, fd })
  } finally {
    fs.closeSync(fd)
    // Writes the rest as the child reads. If the child exits first, nobody needs it.
    if (rest.length)
      new (builtin("net").Socket)({ fd: writeEnd, readable: false }).on("error", () => {}).end(rest)
  }
}

/** The environment of the secrets; without secrets, ENV, else NODE_ENV, else development (in a browser, production). */
export const env: string =
  (openBag()() as Partial<Envelope>).environment ||
  variables.ENV ||
  variables.NODE_ENV ||
  ((builtin as unknown) ? "development" : "production")

/** Whether `env` is development. */
export const isDev: boolean = env === "development"

/** Whether `env` is production. */
export const isProd: boolean = env === "production"

/** The port to listen on: PORT, else 3000. Under tako-server and tako dev it is 0, for any free port. */
export const port: number = /^\d+$/.test(variables.PORT as string) ? +(variables.PORT as string) : 3000

/** The address to listen on: HOST, else 127.0.0.1. */
export const host: string = variables.HOST || "127.0.0.1"

/** The label of this build, for logs and error reports: TAKO_BUILD, else dev. */
export const build: string = variables.TAKO_BUILD || "dev"

/** The folder for files that outlive a deploy: TAKO_DATA_DIR, else .tako/data in the current directory, which may not exist. */
export const dataDir: string = variables.TAKO_DATA_DIR || ".tako/data"

function openBag(): Bag {
  const key = Symbol.for(shared)
  const global = globalThis as unknown as Record<symbol, Bag>
  if (!global[key]) {
    const received = receive()
    const value = (wanted?: string) =>
      !wanted || "secrets" in received
        ? received
        : fail(received[0], `${wanted} cannot be read: ${received[1]}`)
    Object.defineProperty(global, key, { value })
  }
  return global[key] as Bag
}

function receive(): Envelope | Problem {
  let threads: Builtins["worker_threads"]
  try {
    threads = builtin("worker_threads")
  } catch {
    // It does not exist, or it throws, as where Next.js simulates an edge runtime.
    return ["SERVER_ONLY", "a browser or edge runtime has no secrets.\nRead it in Node 20.16 or later."]
  }
  // Set by the main thread, or by this one under another global object (Jest creates one for every test file).
  const known = threads.getEnvironmentData(shared) as Sealed | Problem | undefined
  if (known) return "export" in known ? parse(`${known.export()}`) : known
  if (!threads.isMainThread)
    return [
      "WORKER_FIRST",
      "the main thread has not read them.\nImport this there before you start the worker."
    ]
  const received = readPipe(nodeProcess as NodeProcess, builtin("fs"))
  threads.setEnvironmentData(
    shared,
    "secrets" in received ? builtin("crypto").createSecretKey(JSON.stringify(received), "utf8") : received
  )
  return received
}

function readPipe({ argv, platform }: NodeProcess, fs: Builtins["fs"]): Envelope | Problem {
  const { npm_lifecycle_event: script, TAKO_PIPE: pipe } = variables
  const problem = (code: string, sentence: string): Problem => [
    code,
    `${sentence}.\nStart it with: tako run -- node ${argv[1]?.replace(`${variables.PWD}/`, "") ?? "app.js"}`
  ]
  if (!pipe) return problem("NOT_STARTED", "neither tako nor handOver started this process")
  const three = identityOf(fs, 3)
  try {
    let fd = three === pipe ? 3 : 0
    // Some launchers close the pipe (npm run, npx, tsx, node --watch), but on Linux theirs can be read. Deno numbers its
    // fds itself, and finds ours there too.
    for (let pid: string | number = platform === "linux" ? "self" : 0; !fd && pid; ) {
      const path = `/proc/${pid}/fd/3`
      if (identityOf(fs, path) === pipe) fd = openToRead(fs, path)
      // "pid (name) state ppid …", where the name may contain anything: proc(5).
      pid = Number(/\) . (\d+)[^)]*$/.exec(`${fs.readFileSync(`/proc/${pid}/stat`)}`)?.[1])
    }
    // Checked again: the ancestor may have exited, and its pid may have been reused.
    if (identityOf(fs, fd) !== pipe)
      return three
        ? problem("FOREIGN", "fd 3 is a pipe, but not tako's")
        : problem("CLOSED", `${script ? `npm run ${script}` : "a launcher"} closed tako's pipe, fd 3`)
    let text = readAll(fs, fd)
    // Under tako dev the text is written back, because a watcher (node --watch, tsx watch, next dev) keeps the pipe open and
    // restarts us with it. If nobody keeps it open, it is gone with us; what does not fit is read out again.
    if (variables.TAKO_BUILD === "dev") {
      // Another process, of several that a test runner starts at once, may be about to write it back.
      for (let rest = 99; !text && rest--; text = readAll(fs, fd))
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
      try {
        fs.writeFileSync(`/proc/self/fd/${fd}`, text, { flag: toWrite(fs) })
      } catch {
        fs.readFileSync(fd)
      }
    }
    fs.closeSync(fd)
    delete variables.TAKO_PIPE
    return text
      ? parse(text)
      : [
          "READ_BEFORE",
          "they were already read, by another process or an earlier start.\nFor restarts, tests and builds use tako dev; for child processes, handOver."
        ]
  } catch (error) {
    return problem("UNREADABLE", `tako's pipe failed: ${(error as { code?: unknown }).code}`)
  }
}

/** Opens a FIFO without waiting for a writer; reads block from then on (fifo(7)). */
function openToRead(fs: Builtins["fs"], path: string): number {
  const both = fs.openSync(path, "r+")
  const readEnd = fs.openSync(path, "r")
  fs.closeSync(both)
  return readEnd
}

/** Reads a full pipe in one read(2), so that of two processes that read at the same time, one gets everything. */
function readAll(fs: Builtins["fs"], fd: number): string {
  const { Buffer } = builtin("buffer")
  const first = Buffer.alloc(65_536)
  return `${Buffer.concat([first.subarray(0, fs.readSync(fd, first)), fs.readFileSync(fd)])}`
}

/** A FIFO's identity, as in TAKO_PIPE; empty for anything else, and for what is closed or may not be inspected. */
function identityOf({ statSync, fstatSync }: Builtins["fs"], file: number | string): string {
  try {
    const stats = (typeof file === "string" ? statSync : fstatSync)(file as never, { bigint: true })
    return stats.isFIFO() ? `${stats.dev}:${stats.ino}` : ""
  } catch {
    return ""
  }
}

function parse(text: string): Envelope | Problem {
  try {
    const { secrets, ...rest } = JSON.parse(text) as Envelope
    if (Object.values(secrets).every((value) => typeof value === "string"))
      return { ...rest, secrets: { __proto__: null, ...secrets } as unknown as Envelope["secrets"] }
  } catch {
    // JSON.parse's message would quote the text.
  }
  return [
    "DAMAGED",
    "they arrived cut off, or two processes read at once.\nStart it again; for child processes, use handOver."
  ]
}

function fail(code: string, message: string): never {
  throw Object.assign(new Error(message), { name: "TakoError", code: `TAKO_${code}` })
}
