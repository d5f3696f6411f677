import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { build } from "esbuild"

export interface Bundle {
  readonly path: string
  readonly remove: () => void
}

/** Bundles a test program into one file that plain Node runs (Node 20 has no TypeScript), in a folder of its own. */
export const bundle = async (entry: string): Promise<Bundle> => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-bundle-"))
  const path = Path.join(folder, "main.cjs")
  await build({
    entryPoints: [entry],
    outfile: path,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    logLevel: "error"
  })
  return { path, remove: () => Fs.rmSync(folder, { recursive: true, force: true }) }
}
