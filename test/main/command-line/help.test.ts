import { describe, expect, it } from "vitest"
import { displayWidth } from "../../../src/domain/display-width.ts"
import { renderHelp } from "../../../src/main/command-line/help.ts"
import { ink, plain } from "../../../src/main/command-line/ink.ts"
import type { CommandPath, CommandSpec } from "../../../src/main/command-line/specification.ts"
import { root } from "../cli/sample.ts"

const pathTo = (...names: ReadonlyArray<string>): CommandPath => {
  const below: Array<CommandSpec> = []
  let here: CommandSpec = root.spec
  for (const name of names) {
    const child: CommandSpec | undefined =
      here._tag === "Group" ? here.children.find((child) => child.name === name) : undefined
    here = child ?? expect.fail(name)
    below.push(here)
  }
  return [root.spec, ...below]
}

describe("renderHelp", () => {
  it("describes everything that a command takes", () => {
    expect(renderHelp(pathTo("secrets", "set"), 80, plain)).toBe(`\
Encrypt a value and keep it in the file

The value is asked for without echo, or read from stdin. It is never taken from
an argument.

First use of an environment creates it.

Usage: tako secrets set NAME [flags]

Aliases: add

Arguments:
  NAME  As in DATABASE_URL

Flags:
  -e, --env NAME     The environment
      --allow-empty  Take an empty value
      --sync         Go on with a sync to all servers of the environment, and
                     say in a table at the end what became of each

Global flags:
  -c, --config FILE  Use this tako.toml; its folder is the project
      --no-color     Print without colours
  -h, --help         Print help

Example:
  tako secrets set DATABASE_URL --env production
`)
  })

  it("lists the commands of a group", () => {
    expect(renderHelp(pathTo("secrets"), 80, plain)).toBe(`\
The secrets in the repository

Usage: tako secrets COMMAND [flags]

Commands:
  key  The keys of this machine
  set  Encrypt a value and keep it in the file (also: add)
  get  Print a value
  rm   Remove a secret (also: remove, delete)
  ls   List the names (also: list, show)

Global flags:
  -c, --config FILE  Use this tako.toml; its folder is the project
      --no-color     Print without colours
  -h, --help         Print help

More on a command: tako help secrets COMMAND
`)
  })

  it("shows where the other program's arguments begin", () => {
    expect(renderHelp(pathTo("run"), 80, plain)).toContain("Usage: tako run [flags] [--] CMD…\n")
    expect(renderHelp(pathTo("dev"), 80, plain)).toContain("Usage: tako dev [flags] [--] [CMD…]\n")
  })

  it.each([30, 40, 60, 80, 200])("fits into %i columns, except for words that are longer", (columns) => {
    for (const path of [pathTo(), pathTo("secrets"), pathTo("secrets", "set"), pathTo("run")]) {
      const lines = renderHelp(path, columns, plain).split("\n")
      const whole = /^(Usage:|More on|Aliases:| {2}tako )/
      for (const line of lines.filter((line) => !whole.test(line))) {
        expect(displayWidth(line), line).toBeLessThanOrEqual(Math.min(columns, 80))
      }
    }
  })

  it("has bold headings if colours are on", () => {
    expect(renderHelp(pathTo("run"), 80, ink(true))).toContain("\u001b[1mFlags:\u001b[22m\n")
  })
})
