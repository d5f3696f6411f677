import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Vm from "node:vm"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { codeFolder, load, ownerOf, store } from "./code-store.ts"

/** Inserted by the build: the bundles and the SHA-256 of each, in hex. */
declare const TAKO_BUNDLES: Readonly<Record<string, string>>

/** What the program's bundle exports: the commands that have run, under names of its own. */
interface Program {
  readonly commandsRun?: ReadonlyArray<string>
}

/** V8 compiles a function when it is first called, but loads stored code as a whole. A few commands share nearly all of it. */
const maxCommands = 12

/** The `require` of a bundle: our own bundles start from stored code as well. */
const requireFrom = (folder: string, commandsRun: () => ReadonlyArray<string>) => {
  const bundled = (specifier: string): unknown => {
    const name = Path.basename(specifier)
    const hash = specifier.startsWith("./") ? TAKO_BUNDLES[name] : undefined
    return hash === undefined
      ? require(specifier)
      : runStored(Path.join(__dirname, name), hash, folder, bundled, commandsRun)
  }
  return bundled
}

/** Runs a bundle out of the code that an earlier start has stored, and stores what a command that it has not met compiles. */
const runStored = (
  bundle: string,
  hash: string,
  folder: string,
  bundled: (specifier: string) => unknown,
  commandsRun: () => ReadonlyArray<string>
): unknown => {
  const fd = Fs.openSync(bundle, "r")
  const owner = ownerOf(folder, bundle, hash, Fs.fstatSync(fd, { bigint: true }))
  // The build writes ASCII only; as latin1 it stays one byte per character in V8.
  const source = Fs.readFileSync(fd, "latin1")
  Fs.closeSync(fd)
  const stored = load(owner)
  const script = new Vm.Script(`(function(exports,require,module,__filename,__dirname){${source}\n})`, {
    filename: bundle,
    ...omitUndefined({ cachedData: stored?.code })
  })
  const known = script.cachedDataRejected === true ? undefined : stored?.commands
  process.once("exit", () => {
    const commands = [...new Set([...(known ?? []), ...commandsRun()])]
    if (known !== undefined && (commands.length === known.length || known.length >= maxCommands)) return
    store(owner, { code: script.createCachedData(), commands })
  })
  const module = { exports: {} }
  script.runInThisContext()(module.exports, bundled, module, bundle, Path.dirname(bundle))
  return module.exports
}

/** Starts the program from compiled code, if there is a folder for it that nobody else can write to. */
const start = (): void => {
  const folder = process.env.NODE_DISABLE_COMPILE_CACHE === "1" ? undefined : codeFolder()
  if (folder === undefined) {
    require(Path.join(__dirname, "cli.cjs"))
    return
  }
  let program: Program = {}
  program = requireFrom(folder, () => program.commandsRun ?? [])("./cli.cjs") as Program
}

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major > 20 || (major === 20 && minor >= 19)) {
  // Not a command of the program: a shell asks at each Tab.
  if (process.argv[2] === "__complete") require(Path.join(__dirname, "complete.cjs"))
  else start()
} else {
  process.stderr.write(`tako needs Node 20.19 or newer; this is ${process.versions.node}.\n`)
  process.exitCode = 1
}
