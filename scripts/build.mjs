// Builds dist/: cli.cjs, the whole program except ssh2.cjs, which few commands need; tako.cjs, which starts it;
// complete.cjs, which completes command lines for shells; tako-server.cjs, the server, without any CLI command;
// LICENSES.txt for all of them. node scripts/build.mjs [--entry FILE] [--outdir FOLDER] [--analyze]
import { createHash } from "node:crypto"
import * as Fs from "node:fs"
import { createRequire, Module } from "node:module"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { analyzeMetafile, build } from "esbuild"
import { lazyBuiltins } from "./lazy-builtins.mjs"
import { leanEffect } from "./lean-effect.mjs"
import { rawText } from "./raw-text.mjs"
import { ssh2Alone, ssh2At } from "./ssh2.mjs"
import { withoutPrompts } from "./without-prompts.mjs"

const root = Path.dirname(Path.dirname(fileURLToPath(import.meta.url)))
const { values } = parseArgs({
  options: {
    entry: { type: "string", default: Path.join(root, "src/main/bin.ts") },
    outdir: { type: "string", default: Path.join(root, "dist") },
    analyze: { type: "boolean", default: false }
  }
})
const { version, dependencies } = JSON.parse(Fs.readFileSync(Path.join(root, "package.json"), "utf8"))

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  platform: "node",
  format: "cjs",
  target: "node20.19",
  // With ASCII only, V8 stores one byte per character.
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
  write: false,
  outdir: values.outdir
}

const licensesOf = (...metafiles) => {
  const packages = new Set()
  for (const input of metafiles.flatMap(({ inputs }) => Object.keys(inputs))) {
    const [, name] = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input) ?? []
    if (name !== undefined) packages.add(name)
  }
  return [...packages].sort().map((name) => {
    const folder = Path.join(root, "node_modules", name)
    const { license, version } = JSON.parse(Fs.readFileSync(Path.join(folder, "package.json"), "utf8"))
    const file = Fs.readdirSync(folder).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry))
    if (file === undefined) throw new Error(`${name} is bundled, and has no licence file`)
    const text = Fs.readFileSync(Path.join(folder, file), "utf8").trim()
    return `${name} ${version} (${license})\n\n${text}\n`
  })
}

// Renamed into place, because the previous build may be running.
const put = (name, content, mode = 0o644) => {
  const file = Path.join(values.outdir, name)
  const beside = `${file}.${process.pid}.tmp`
  Fs.writeFileSync(beside, content, { mode })
  Fs.chmodSync(beside, mode)
  Fs.renameSync(beside, file)
  console.error(`${Path.relative(process.cwd(), file)}  ${(content.length / 1024).toFixed(0)} KB`)
}

const bundle = async (options) => {
  const result = await build({ ...common, ...options }).catch(() => process.exit(1))
  if (result.warnings.length > 0) process.exit(1)
  return { content: result.outputFiles[0].contents, metafile: result.metafile }
}

/** Bundles a source file, runs it, and returns its exports. */
const evaluate = async (file) => {
  const { content } = await bundle({
    entryPoints: [Path.join(root, file)],
    external: Object.keys(dependencies),
    plugins: [rawText, ssh2At("ssh2")]
  })
  const module = new Module(file)
  module.require = createRequire(Path.join(root, file))
  module._compile(Buffer.from(content).toString("utf8"), file)
  return module.exports
}

const cli = await bundle({
  entryPoints: [values.entry],
  external: Object.keys(dependencies),
  plugins: [lazyBuiltins, leanEffect, withoutPrompts, rawText, ssh2At("./ssh2.cjs")],
  // import() stays lazy but becomes require(), which also works in a script loaded from the code cache.
  supported: { "dynamic-import": false },
  define: { TAKO_VERSION: JSON.stringify(version) }
})
const ssh2 = await bundle(ssh2Alone)
const server = await bundle({
  entryPoints: [Path.join(root, "src/main/server/bin.ts")],
  banner: { js: "#!/usr/bin/env node" },
  plugins: [lazyBuiltins],
  define: { TAKO_VERSION: JSON.stringify(version) }
})
const commandsInServer = Object.keys(server.metafile.inputs).filter((path) =>
  path.startsWith("src/main/cli/")
)
if (commandsInServer.length > 0) throw new Error(`tako-server contains ${commandsInServer} of the CLI`)
const hashOf = ({ content }) => createHash("sha256").update(content).digest("hex")
const launcher = await bundle({
  entryPoints: [Path.join(root, "src/main/launcher/launcher.ts")],
  banner: { js: "#!/usr/bin/env node" },
  define: { TAKO_BUNDLES: JSON.stringify({ "cli.cjs": hashOf(cli), "ssh2.cjs": hashOf(ssh2) }) }
})

// A shell waits for this at each Tab, so the grammar is built in, and neither Effect nor any command's code is.
const { root: commands } = await evaluate("src/main/cli/root.ts")
const notForShells = new Set(["description", "example", "surplus"])
const complete = await bundle({
  entryPoints: [Path.join(root, "src/main/cli/completions/entry.ts")],
  define: {
    TAKO_GRAMMAR: JSON.stringify(commands.spec, (key, value) => (notForShells.has(key) ? undefined : value))
  }
})

if (Object.keys(complete.metafile.inputs).some((path) => /\/effect\/.*\/(fiberRuntime|core)\.js$/.test(path)))
  throw new Error("complete.cjs contains Effect's runtime, which is too slow to load at each Tab")

Fs.mkdirSync(values.outdir, { recursive: true })
put("cli.cjs", cli.content)
put("ssh2.cjs", ssh2.content)
put("complete.cjs", complete.content)
put("tako.cjs", launcher.content, 0o755)
put("tako-server.cjs", server.content, 0o755)
put("LICENSES.txt", licensesOf(cli.metafile, ssh2.metafile, server.metafile).join(`\n${"-".repeat(72)}\n\n`))
if (values.analyze) console.error(await analyzeMetafile(cli.metafile))
