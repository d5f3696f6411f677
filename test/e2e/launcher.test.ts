import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll, afterEach, assert, beforeAll, beforeEach, describe, it } from "vitest"

const root = Path.resolve(import.meta.dirname, "../..")
const { version } = JSON.parse(Fs.readFileSync(Path.join(root, "package.json"), "utf8"))
const isRoot = process.getuid?.() === 0

let built: string
let home: string

beforeAll(() => {
  built = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-launcher-"))
  // A real build around a tiny program, because a hundred starts of tako itself would take a minute.
  const entry = Path.join(built, "entry.ts")
  Fs.writeFileSync(
    entry,
    `declare const TAKO_VERSION: string
    export const commandsRun = process.env.COMMAND?.split(",") ?? []
    console.log("tako " + TAKO_VERSION)`
  )
  const build = Path.join(root, "scripts/build.mjs")
  ChildProcess.execFileSync(process.execPath, [build, "--entry", entry, "--outdir", built], { stdio: "pipe" })
})
afterAll(() => Fs.rmSync(built, { recursive: true, force: true }))
beforeEach(() => {
  home = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-home-"))
})
afterEach(() => Fs.rmSync(home, { recursive: true, force: true }))

const folder = () => Path.join(home, "code")
const stored = () => Fs.readdirSync(folder()).map((name) => Path.join(folder(), name))

const start = (
  environment: Readonly<Record<string, string>> = { TAKO_HOME: home },
  bundle = built,
  umask = "022"
) => {
  const command = `umask ${umask}; exec "$0" "$@"`
  const started = ChildProcess.spawnSync(
    "/bin/sh",
    ["-c", command, process.execPath, Path.join(bundle, "tako.cjs"), "--version"],
    { env: { PATH: process.env.PATH, HOME: home, ...environment }, encoding: "utf8", timeout: 20_000 }
  )
  assert.strictEqual(started.stderr, "")
  assert.strictEqual(started.status, 0)
  return started.stdout
}
const works = () => assert.strictEqual(start(), `tako ${version}\n`)

const modeOf = (path: string) => (Fs.statSync(path).mode & 0o7777).toString(8)

describe("a start", () => {
  it.each(["022", "0", "077", "0777"])("stores its compiled code privately, under umask %s", (umask) => {
    assert.strictEqual(start({ TAKO_HOME: home }, built, umask), `tako ${version}\n`)
    assert.strictEqual(modeOf(folder()), "700")
    assert.isNotEmpty(stored())
    works()
  })

  it("stores it in XDG_CACHE_HOME, else in the user's cache", () => {
    start({ XDG_CACHE_HOME: Path.join(home, "xdg") })
    assert.isNotEmpty(Fs.readdirSync(Path.join(home, "xdg/tako")))
    start({ XDG_CACHE_HOME: "relative" })
    const own = process.platform === "darwin" ? "Library/Caches/tako" : ".cache/tako"
    // Only the last two folders are created, and on macOS ~/Library is missing here.
    if (process.platform !== "darwin") assert.isNotEmpty(Fs.readdirSync(Path.join(home, own)))
    assert.isFalse(Fs.existsSync("relative"))
  })

  it("stores none when told not to, or without a trusted folder", () => {
    start({ TAKO_HOME: home, NODE_DISABLE_COMPILE_CACHE: "1" })
    start({ TAKO_HOME: "relative" })
    start({ TAKO_HOME: Path.join(home, "no/such/place") })
    start({ TAKO_HOME: "/dev/null/x" })
    assert.deepStrictEqual(Fs.readdirSync(home), [])
  })

  it.each([0o770, 0o707, 0o755])("trusts no folder of mode %o", (mode) => {
    Fs.mkdirSync(folder())
    Fs.chmodSync(folder(), mode)
    works()
    assert.isEmpty(stored())
  })

  it("trusts neither a folder whose parent others can write to, nor a link to one", () => {
    Fs.chmodSync(home, 0o777)
    works()
    assert.deepStrictEqual(Fs.readdirSync(home), [])
    Fs.chmodSync(home, 0o700)
    Fs.mkdirSync(Path.join(home, "elsewhere"), { mode: 0o700 })
    Fs.symlinkSync("elsewhere", folder())
    works()
    assert.isEmpty(stored())
  })

  it.skipIf(!isRoot)(
    "trusts no folder of another user, and creates none in another user's (needs root)",
    () => {
      Fs.mkdirSync(folder(), { mode: 0o700 })
      Fs.chownSync(folder(), 54321, 54321)
      works()
      assert.isEmpty(stored())
      Fs.rmdirSync(folder())
      Fs.chownSync(home, 54321, 54321)
      works()
      assert.deepStrictEqual(Fs.readdirSync(home), [])
    }
  )
})

describe("stored code", () => {
  const file = () => {
    const [path, ...others] = stored()
    assert.isEmpty(others)
    return path as string
  }

  it("is used while it matches the bundle", () => {
    works()
    const before = Fs.statSync(file())
    assert.strictEqual(modeOf(file()), "600")
    works()
    assert.strictEqual(Fs.statSync(file()).ino, before.ino)
    assert.strictEqual(Fs.statSync(file()).mtimeMs, before.mtimeMs)
  })

  it("grows by what each new command compiles, up to twelve commands", () => {
    const run = (command: string) => start({ TAKO_HOME: home, COMMAND: command })
    const commands = () => /([a-z,-]*)\n/.exec(Fs.readFileSync(file(), "latin1"))?.[1]
    run("secrets-ls")
    run("run")
    assert.strictEqual(commands(), "secrets-ls,run")
    const { ino } = Fs.statSync(file())
    run("secrets-ls")
    assert.strictEqual(Fs.statSync(file()).ino, ino)
    for (const letter of "abcdefghijklmnop") run(letter)
    assert.strictEqual(commands(), "secrets-ls,run,a,b,c,d,e,f,g,h,i,j")
  })

  it("loses a killed process's leftovers when it is written, but not a running one's files", () => {
    works()
    const { pid = 0 } = ChildProcess.spawnSync("true")
    const stem = file()
    const left = (of: number) => `${stem}.${of}.tmp`
    const paths = [left(pid), left(process.pid)] as const
    for (const path of paths) Fs.writeFileSync(path, "half")
    start({ TAKO_HOME: home, COMMAND: "secrets-ls" })
    assert.deepStrictEqual(
      paths.map((path) => Fs.existsSync(path)),
      [false, true]
    )
  })

  it("loses the code of a Node that nobody has used for 90 days, when it is written", () => {
    works()
    const of = (node: string) => Path.join(folder(), `${node}-cli.cjs.code`)
    const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60 * 1000)
    for (const [node, written, read] of [
      ["v1", 91, 91],
      ["v2", 91, 1],
      ["v3", 89, 89]
    ] as const) {
      Fs.writeFileSync(of(node), "code")
      Fs.utimesSync(of(node), daysAgo(read), daysAgo(written))
    }
    start({ TAKO_HOME: home, COMMAND: "secrets-ls" })
    assert.deepStrictEqual(
      ["v1", "v2", "v3"].map((node) => Fs.existsSync(of(node))),
      [false, true, true]
    )
  })

  it("is not used for another bundle, of the same length", () => {
    const other = Path.join(home, "other")
    Fs.cpSync(built, other, { recursive: true })
    start({ TAKO_HOME: home }, other)
    const bundle = Path.join(other, "cli.cjs")
    const text = Fs.readFileSync(bundle, "latin1")
    Fs.writeFileSync(bundle, text.replaceAll(version, version.replace(/./g, "9")), "latin1")
    assert.strictEqual(start({ TAKO_HOME: home }, other), `tako ${version.replace(/./g, "9")}\n`)
  })

  const damages: ReadonlyArray<readonly [string, (code: Buffer) => Buffer]> = [
    ["empty", () => Buffer.alloc(0)],
    ["cut off in its head", (code) => code.subarray(0, 20)],
    ["cut off in the middle", (code) => code.subarray(0, code.length >> 1)],
    ["cut off at its end", (code) => code.subarray(0, -1)],
    ["longer than it was", (code) => Buffer.concat([code, Buffer.from("x")])],
    ["all zeros", (code) => Buffer.alloc(code.length)],
    ["other bytes", (code) => Buffer.alloc(code.length, "tako code 3 ")]
  ]
  it.each(damages)("is not used and is replaced when damaged: %s", (_, damage) => {
    works()
    const path = file()
    const good = Fs.readFileSync(path)
    Fs.writeFileSync(path, damage(good))
    works()
    assert.isAbove(Fs.readFileSync(path).length, good.length / 2)
    const { ino } = Fs.statSync(path)
    works()
    assert.strictEqual(Fs.statSync(path).ino, ino)
  })

  it("is not used if others could have written it, or if it is a link", () => {
    works()
    const path = file()
    Fs.chmodSync(path, 0o620)
    works()
    assert.strictEqual(modeOf(file()), "600")
    const outside = Path.join(home, "outside")
    Fs.renameSync(path, outside)
    Fs.symlinkSync(outside, path)
    works()
    assert.isFalse(Fs.lstatSync(file()).isSymbolicLink())
    Fs.rmSync(file())
    Fs.linkSync(outside, path)
    works()
    assert.strictEqual(Fs.statSync(file()).nlink, 1)
  })

  it("neither blocks nor fails the start if something else is in its place", () => {
    works()
    const path = file()
    Fs.rmSync(path)
    ChildProcess.execFileSync("mkfifo", ["-m", "600", path])
    works()
    assert.isTrue(Fs.statSync(path).isFile())
    Fs.rmSync(path)
    Fs.mkdirSync(path)
    works()
    assert.deepStrictEqual(stored(), [path])
  })
})
