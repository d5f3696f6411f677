import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { buildSync } from "esbuild"
import { assert, it, onTestFinished } from "vitest"
import { needs } from "../../support/needs.ts"
import { makeApp } from "./app.ts"

it.skipIf(!needs("chromium"))("a page that bundles the file works until it uses a secret", () => {
  const folder = makeApp({
    "page.ts": `import { build, dataDir, env, host, isDev, isProd, port, secrets } from "./tako.gen.ts"
const shown: Array<string> = [String(secrets), JSON.stringify({ secrets }), [env, isDev, isProd, port, host, build, dataDir].join()]
try { shown.push(secrets.DATABASE_URL) } catch (error) { shown.push((error as Error).message) }
document.body.textContent = shown.join("|")`
  })
  onTestFinished(() => Fs.rmSync(folder, { recursive: true, force: true }))
  buildSync({
    entryPoints: [Path.join(folder, "page.ts")],
    outfile: Path.join(folder, "page.js"),
    bundle: true,
    platform: "browser",
    format: "iife"
  })
  Fs.writeFileSync(
    Path.join(folder, "page.html"),
    `<!doctype html><body><script>onerror = (m) => { document.title = m }</script><script src="page.js"></script>`
  )
  const profile = Path.join(folder, "profile")
  const flags =
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
    `--disable-component-update --disable-sync --dump-dom --user-data-dir=${profile}`
  const page = `file://${Path.join(folder, "page.html")}`
  const { stdout } = spawnSync("chromium", [...flags.split(" "), page], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder },
    encoding: "utf8",
    timeout: 50_000,
    killSignal: "SIGKILL"
  })
  assert.include(
    stdout,
    '[REDACTED]|{"secrets":"[REDACTED]"}|production,false,true,3000,127.0.0.1,dev,.tako/data|' +
      "DATABASE_URL cannot be read: a browser or edge runtime has no secrets."
  )
  assert.notInclude(stdout, "<title>")
})
