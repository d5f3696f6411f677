// Builds dist/library/: the modules and types behind "tako", "tako/testing", "tako/effect" and "tako/runtime".
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"
import { build } from "esbuild"
import { rawText } from "./raw-text.mjs"
import { ssh2At } from "./ssh2.mjs"

const root = Path.dirname(import.meta.dirname)
const out = Path.join(root, "dist", "library")
Fs.rmSync(out, { recursive: true, force: true })

const { warnings } = await build({
  absWorkingDir: root,
  entryPoints: {
    index: "src/main/library/index.ts",
    testing: "src/main/library/testing.ts",
    effect: "src/main/library/effect.ts",
    runtime: "src/main/sdk/runtime.ts"
  },
  outdir: out,
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  // effect stays external, because an embedder's program must load only one copy of it; small libraries are bundled.
  external: ["effect", "effect/*", "hash-wasm"],
  plugins: [rawText, ssh2At("../ssh2.cjs")],
  logLevel: "warning"
})
if (warnings.length > 0) process.exit(1)

const typescript = createRequire(import.meta.url).resolve("typescript/package.json")
const tsc = Path.join(Path.dirname(typescript), "bin", "tsc")
execFileSync(process.execPath, [tsc, "--project", Path.join(root, "tsconfig.types.json")], {
  stdio: "inherit"
})
