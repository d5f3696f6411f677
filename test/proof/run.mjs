// Bundles the proof (plain Node 20 takes no TypeScript) outside of the tree, and runs it: npm run proof -- --help
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { bundleProof } from "./bundle.mjs"

const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-proof-code-"))
process.once("exit", () => Fs.rmSync(folder, { recursive: true, force: true }))
// The terminal sends Ctrl-C to this process as well, but the proof cleans up first and ends by itself.
process.on("SIGINT", () => {})

await bundleProof(folder)
const { status, signal } = spawnSync(
  process.execPath,
  ["--expose-gc", "--enable-source-maps", Path.join(folder, "main.mjs"), ...process.argv.slice(2)],
  { stdio: "inherit" }
)
if (signal !== null) console.error(`the proof was ended by ${signal}`)
process.exitCode = status ?? 1
