// Draws docs/terminal/*.svg: one SVG per scene, taken from a real terminal (tmux), for light and dark pages.
// node scripts/build.mjs && node scripts/capture.mjs [--dist FOLDER] [--out FOLDER] [--check] [SCENE …]
// --check writes nothing, and fails if a picture in the folder differs from what it would draw.
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { parseArgs } from "node:util"
import { passphrase, scenes } from "./capture/scenes.mjs"
import { drawing } from "./capture/svg.mjs"

const root = Path.dirname(import.meta.dirname)
const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    dist: { type: "string", default: Path.join(root, "dist") },
    check: { type: "boolean", default: false },
    out: { type: "string", default: Path.join(root, "docs", "terminal") }
  }
})
const work = Fs.realpathSync(Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-capture-")))
const socket = Path.join(work, "tmux")
// The environment is replaced as a whole, because NO_COLOR or CI would change the pictures.
const tmux = (...args) =>
  execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, LANG: "C.UTF-8" }
  })

const bin = Path.join(work, "bin")
Fs.mkdirSync(bin)
Fs.symlinkSync(Path.resolve(values.dist, "tako.cjs"), Path.join(bin, "tako"))

const screen = (...args) => tmux("capture-pane", "-p", ...args)

const waitFor = async (what, isSeen) => {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    if (isSeen(screen().trimEnd())) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`not seen: ${what}\n${screen()}`)
}

/** Counts the shell's prompts: a prompt at the end of the screen may still be the one before the command. */
const prompts = (text) => text.split("\n").filter((line) => line.startsWith("$")).length
/** A question ends the screen, below the lines that were there when the last answer was typed. */
const asked = (linesBefore) =>
  waitFor("a question", (text) => /[:\]]$/.test(text) && text.split("\n").length > linesBefore)
const prompted = (times) =>
  waitFor(`prompt ${times}`, (text) => text.endsWith("$") && prompts(text) === times)

/** Every scene is played in the same folder, because tako identifies a project by its path. */
const folder = Path.join(work, "scene")
const project = Path.join(folder, "shop")
const home = Path.join(folder, "home")
const basic = {
  PATH: `${bin}:${process.env.PATH}`,
  HOME: home,
  TAKO_HOME: Path.join(home, "tako"),
  PS1: "$ ",
  LANG: "C.UTF-8",
  TERM: "screen",
  GIT_CONFIG_GLOBAL: "/dev/null",
  // bash would write it on hangup, while the folder is being removed.
  HISTFILE: ""
}

/** Snapshots of the folder after these commands, reused by scenes that begin with the same ones. */
const prepared = new Map()
const prepare = (commands) => {
  Fs.rmSync(folder, { recursive: true, force: true })
  const key = commands.join("\n")
  const known = prepared.get(key)
  if (known !== undefined) return Fs.cpSync(known, folder, { recursive: true })
  for (const path of [project, home]) Fs.mkdirSync(path, { recursive: true })
  for (const command of commands) {
    execFileSync("bash", ["-c", command], {
      cwd: project,
      env: { ...basic, TAKO_PASSPHRASE: passphrase },
      stdio: "pipe"
    })
  }
  const copy = Path.join(work, `prepared-${prepared.size}`)
  Fs.cpSync(folder, copy, { recursive: true })
  prepared.set(key, copy)
}

/** tako suggests a new passphrase each time; the picture always shows the same one. */
const withFixedSuggestion = (line) =>
  line.replace(/\b[a-z]+(-[a-z]+){5}\b/g, "frozen-easy-crush-ginger-mammal-tag")

const capture = async ({ name, columns = 80, environment = {}, before = [], steps }) => {
  prepare(["git init -q .", ...before])
  const shell = Object.entries({ ...basic, ...environment }).map(([key, value]) => `${key}=${value}`)
  tmux(
    "new-session",
    "-d",
    "-x",
    String(columns),
    "-y",
    "40",
    "-c",
    project,
    "env",
    "-i",
    ...shell,
    "bash",
    "--norc",
    "-i"
  )
  try {
    let commands = 1
    await prompted(commands)
    for (const { type, keys, asks = false } of steps) {
      const linesBefore = screen().trimEnd().split("\n").length
      if (type !== undefined) tmux("send-keys", "-l", "--", type)
      for (const key of keys ?? (type === undefined ? [] : ["Enter"])) tmux("send-keys", key)
      if (asks) await asked(linesBefore)
      else await prompted(++commands)
    }
    const lines = screen("-e").trimEnd().split("\n").map(withFixedSuggestion)
    // Leaves out the final prompt.
    if (lines.at(-1) === "$") lines.pop()
    return drawing(lines, columns, name)
  } finally {
    tmux("kill-session")
  }
}

const outdated = []
try {
  for (const scene of scenes) {
    if (wanted.length > 0 && !wanted.includes(scene.name)) continue
    const file = Path.join(values.out, `${scene.name}.svg`)
    const picture = await capture(scene)
    if (!values.check) {
      Fs.writeFileSync(file, picture)
      console.error(Path.relative(process.cwd(), file))
    } else if (!Fs.existsSync(file) || Fs.readFileSync(file, "utf8") !== picture) {
      outdated.push(Path.relative(root, file))
    }
  }
} finally {
  Fs.rmSync(work, { recursive: true, force: true })
}

if (outdated.length > 0) {
  console.error(`Not what tako shows today: ${outdated.join(", ")}`)
  console.error("Draw them again: node scripts/build.mjs && node scripts/capture.mjs")
  process.exitCode = 1
}
