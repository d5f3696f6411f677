// Bundles the whole proof, or a mutant of it, into one file: `replacements` change a source file before it is compiled.
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { rawText } from "../../scripts/raw-text.mjs"
import { ssh2At } from "../../scripts/ssh2.mjs"

// Resolved from the current directory, because this file is also part of the bundle.
const root =
  process.env.TAKO_PROOF_ROOT ?? Path.resolve(Path.dirname(fileURLToPath(import.meta.url)), "../..")
process.env.TAKO_PROOF_ROOT = root
const require = createRequire(Path.join(root, "package.json"))

/** An esbuild plugin that replaces one text in `file` (a path from the root), and fails if the text is not there. */
export const mutation = ({ file, from, to }) => ({
  name: "mutation",
  setup: (build) => {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (path !== Path.join(root, file)) return undefined
      const text = Fs.readFileSync(path, "utf8")
      if (!text.includes(from))
        throw new Error(`${file} has no ${JSON.stringify(from)} any more: fix the mutant`)
      return { contents: text.replace(from, () => to), loader: "ts" }
    })
  }
})

const common = { absWorkingDir: root, bundle: true, platform: "node", target: "node20", logLevel: "error" }

export const bundleProof = async (folder, replacements = []) => {
  await require("esbuild").build({
    ...common,
    entryPoints: ["test/proof/main.ts"],
    outfile: Path.join(folder, "main.mjs"),
    format: "esm",
    sourcemap: "linked",
    banner: {
      js: 'import { createRequire as __r } from "node:module"; const require = __r(import.meta.url);'
    },
    plugins: [rawText, ssh2At("ssh2"), ...replacements.map(mutation)]
  })
  Fs.copyFileSync(Path.join(root, "test/support/pty.py"), Path.join(folder, "pty.py"))
}

/** Bundles the changed program, not minified, with the packages beside it. */
export const buildMutant = async (folder, replacements) => {
  await require("esbuild").build({
    ...common,
    entryPoints: ["src/main/bin.ts"],
    outfile: Path.join(folder, "tako.cjs"),
    format: "cjs",
    external: ["hash-wasm"],
    supported: { "dynamic-import": false },
    define: { TAKO_VERSION: '"0.0.0-mutant"' },
    plugins: [rawText, ssh2At("ssh2"), ...replacements.map(mutation)]
  })
  Fs.symlinkSync(Path.join(root, "node_modules"), Path.join(folder, "node_modules"))
}
