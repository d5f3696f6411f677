import * as Path from "node:path"
import { cacheFolder } from "./cache-folder.ts"
import { runCompiled } from "./compiled.ts"

/** Put in by the build: the SHA-256 of the bundle, in hex. */
declare const TAKO_BUNDLE_HASH: string

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
const isAtLeast = (wantedMajor: number, wantedMinor: number): boolean =>
  major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)

/** Starts the bundle as fast as this Node can, which is with code that is compiled already. */
const start = (): void => {
  const bundle = Path.join(__dirname, "cli.cjs")
  const folder = process.env.NODE_DISABLE_COMPILE_CACHE === "1" ? undefined : cacheFolder()
  if (folder === undefined) require(bundle)
  else if (isAtLeast(22, 8)) {
    require("node:module").enableCompileCache(folder)
    require(bundle)
  } else runCompiled(bundle, TAKO_BUNDLE_HASH, folder)
}

if (isAtLeast(20, 19)) {
  // Not a command of the program: a shell asks at each Tab.
  if (process.argv[2] === "__complete") require(Path.join(__dirname, "complete.cjs"))
  else start()
} else {
  process.stderr.write(`tako needs Node 20.19 or newer; this is ${process.versions.node}.\n`)
  process.exitCode = 1
}
