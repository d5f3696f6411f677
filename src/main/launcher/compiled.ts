import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Vm from "node:vm"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { load, ownerOf, store } from "./stored-code.ts"

/** Runs the bundle out of the code that an earlier start has stored, or stores it when this process ends. */
export const runCompiled = (bundle: string, hash: string, folder: string): void => {
  const fd = Fs.openSync(bundle, "r")
  const owner = ownerOf(folder, hash, Fs.fstatSync(fd, { bigint: true }))
  // The build writes ASCII alone; as latin1 it stays one byte a character in V8.
  const source = Fs.readFileSync(fd, "latin1")
  Fs.closeSync(fd)
  const cachedData = load(owner)
  const script = new Vm.Script(`(function(exports,require,module,__filename,__dirname){${source}\n})`, {
    filename: bundle,
    ...omitUndefined({ cachedData })
  })
  if (cachedData === undefined || script.cachedDataRejected === true) {
    process.once("exit", () => store(owner, script.createCachedData()))
  }
  const module = { exports: {} }
  // Ours finds the same packages: the bundle lies beside us.
  script.runInThisContext()(module.exports, require, module, bundle, Path.dirname(bundle))
}
