import * as Fs from "node:fs"
import * as Path from "node:path"
import { describe, expect, it } from "vitest"
import { KeyCacheUnavailable } from "../../src/domain/errors/keys.ts"
import { ProcessNotStarted } from "../../src/domain/errors/processes.ts"
import { exitCode, isTakoError, type TakoError } from "../../src/main/exit-code.ts"

const folder = Path.resolve(import.meta.dirname, "../../src/domain/errors")

/** Every exported error class, with the exit code that its docstring promises. */
const classes = Fs.readdirSync(folder).flatMap((file) => {
  const source = Fs.readFileSync(Path.join(folder, file), "utf8")
  return [...source.matchAll(/^export class (\w+)/gm)].map((found) => {
    const docstring = source.slice(source.lastIndexOf("/**", found.index), found.index)
    return { file, name: found[1] ?? "", promised: /Exit (\d+)/.exec(docstring)?.[1] }
  })
})

describe("the exit code of each error", () => {
  it.each(classes)("$name", async ({ file, name, promised }) => {
    const module = await import(Path.join(folder, file))
    const error: unknown = Object.assign(Object.create(module[name].prototype), {
      _tag: name,
      reason: "not-found"
    })
    expect(isTakoError(error), "it has no exit code in the table").toBe(true)
    expect(String(exitCode(error as TakoError))).toBe(promised)
  })

  it("is the shell's for a program that was not started", () => {
    for (const reason of ["not-executable", "directory-gone", "pipe", "failed"] as const) {
      expect(exitCode(new ProcessNotStarted({ command: "x", reason, code: "EACCES" }))).toBe(126)
    }
  })

  it("distinguishes a key cache that is unsafe from one that failed", () => {
    for (const [reason, code] of [
      ["unsafe", 3],
      ["failed", 1]
    ] as const) {
      const error = new KeyCacheUnavailable({ reason, location: "keys", because: "x", message: "x" })
      expect(exitCode(error)).toBe(code)
    }
  })

  it("exists only for our errors", () => {
    for (const other of [new Error("x"), undefined, "Usage", { _tag: "Usage" }])
      expect(isTakoError(other)).toBe(false)
    expect(isTakoError(Object.assign(new Error(), { _tag: "toString" }))).toBe(false)
  })
})
