// Draws docs/terminal/*.svg: what a person sees, out of a real terminal (tmux), one SVG a scene, for light and dark pages.
// node scripts/build.mjs && node scripts/capture.mjs [--dist FOLDER] [--out FOLDER] [SCENE …]
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { parseArgs } from "node:util"
import { scenes } from "./capture/scenes.mjs"
import { drawing } from "./capture/svg.mjs"

const root = Path.dirname(import.meta.dirname)
const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    dist: { type: "string", default: Path.join(root, "dist") },
    out: { type: "string", default: Path.join(root, "docs", "terminal") }
  }
})
const work = Fs.realpathSync(Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-capture-")))
const socket = Path.join(work, "tmux")
const tmux = (...args) =>
  execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], { encoding: "utf8" })

const bin = Path.join(work, "bin")
Fs.mkdirSync(bin)
Fs.symlinkSync(Path.resolve(values.dist, "tako.cjs"), Path.join(bin, "tako"))

const screen = (...args) => tmux("capture-pane", "-p", ...args)

const waitFor = async (pattern) => {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    if (pattern.test(screen().trimEnd())) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`not seen: ${pattern}\n${screen()}`)
}

const prompt = /\$$/

const capture = async ({ name, columns = 80, environment = {}, before = [], steps }) => {
  const home = Fs.mkdtempSync(Path.join(work, "home-"))
  const project = Path.join(work, name, "shop")
  Fs.mkdirSync(project, { recursive: true })
  const variables = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: home,
    TAKO_HOME: Path.join(home, "tako"),
    PS1: "$ ",
    LANG: "C.UTF-8",
    GIT_CONFIG_GLOBAL: "/dev/null",
    ...environment
  }
  for (const line of [`git init -q .`, ...before]) {
    execFileSync("bash", ["-c", line], {
      cwd: project,
      env: { ...variables, TAKO_PASSPHRASE: "cradle-marble-ivory-slender-toast-ahead" },
      stdio: ["ignore", "ignore", "inherit"]
    })
  }
  const shell = Object.entries(variables).map(([key, value]) => `${key}=${value}`)
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
    "-u",
    "TMUX",
    ...shell,
    "bash",
    "--norc",
    "-i"
  )
  try {
    await waitFor(prompt)
    for (const { type, keys, until = prompt } of steps) {
      if (type !== undefined) tmux("send-keys", "-l", "--", type)
      for (const key of keys ?? (type === undefined ? [] : ["Enter"])) tmux("send-keys", key)
      await waitFor(until)
    }
    const lines = screen("-e").trimEnd().split("\n")
    // The prompt that waits is no part of the story.
    if (lines.at(-1) === "$") lines.pop()
    return drawing(lines, columns, name)
  } finally {
    tmux("kill-session")
  }
}

try {
  for (const scene of scenes) {
    if (wanted.length > 0 && !wanted.includes(scene.name)) continue
    const file = Path.join(values.out, `${scene.name}.svg`)
    Fs.writeFileSync(file, await capture(scene))
    console.error(Path.relative(process.cwd(), file))
  }
} finally {
  Fs.rmSync(work, { recursive: true, force: true })
}
