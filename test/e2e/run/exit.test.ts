import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import type { SealedValue } from "../../../src/domain/sealed-value.ts"
import { sandboxWith } from "../../support/cli.ts"
import { withFlippedBit } from "../../support/project-of.ts"
import { startRun } from "./started.ts"

const secrets = { development: { A: "canary-a" }, production: { A: "canary-p" } }

describe("tako run", () => {
  it("passes the program's arguments on unchanged, wherever the options end", async () => {
    const { tako, project } = await sandboxWith(secrets)
    const args =
      "console.log(JSON.stringify(process.argv.slice(1)), JSON.parse(fs.readFileSync(3)).secrets.A)"
    const lines = async (...command: ReadonlyArray<string>) => {
      const { code, stdout, stderr } = await tako(["run", ...command])
      assert.deepStrictEqual([code, stderr], [0, ""], command.join(" "))
      return stdout.trimEnd()
    }
    assert.strictEqual(await lines("node", "-e", args), "[] canary-a")
    assert.strictEqual(
      await lines("node", "-e", args, "--", "-e", "--env", "x"),
      '["-e","--env","x"] canary-a'
    )
    assert.strictEqual(await lines("--", "node", "-e", args, "--", "--env", ""), '["--env",""] canary-a')
    for (const flags of [["--env", "production"], ["-e", "production"], ["--env=production"]]) {
      assert.strictEqual(await lines(...flags, "node", "-e", args, "--", "--env"), '["--env"] canary-p')
      assert.strictEqual(await lines(...flags, "--", "node", "-e", args), "[] canary-p")
    }
    assert.include(await lines("ls", "--help"), "ls")
    assert.notInclude(await lines("ls", "--help"), "tako")
    Fs.writeFileSync(Path.join(project, "--foo"), "#!/bin/sh\necho foo\n", { mode: 0o755 })
    const foo = await tako(["run", "--", "--foo"], { variables: { PATH: `${project}:${process.env.PATH}` } })
    assert.deepStrictEqual([foo.code, foo.stdout], [0, "foo\n"])
  })

  it("ends with the program's exit code", async () => {
    const { tako } = await sandboxWith(secrets)
    for (const code of [0, 1, 7, 255]) {
      const ended = await tako(["run", "sh", "-c", `exit ${code}`])
      assert.deepStrictEqual([ended.code, ended.stdout, ended.stderr], [code, "", ""])
    }
  })

  it("says why a program was not started, and exits with 127 or 126", async () => {
    const { tako, project } = await sandboxWith(secrets)
    const inProject = (name: string, text: string, mode: number) =>
      Fs.writeFileSync(Path.join(project, name), text, { mode })
    inProject("plain", "echo", 0o644)
    inProject("orphan", "#!/no/such/interpreter\n", 0o755)
    for (const [command, code, message] of [
      ["no-such-program", 127, "no-such-program: command not found"],
      ["./missing", 127, "./missing: command not found"],
      ["", 127, '"": command not found'],
      ["./plain/x", 126, "./plain/x: part of its path is not a directory (ENOTDIR)"],
      ["./plain", 126, "./plain: permission denied (EACCES)"],
      [project, 126, `${project}: permission denied (EACCES)`],
      ["./orphan", 126, "./orphan: the interpreter in its first line does not exist"]
    ] as const) {
      const ended = await tako(["run", "--", command])
      assert.deepStrictEqual([ended.code, ended.stdout], [code, ""], ended.stderr)
      assert.strictEqual(ended.stderr, `error: ${message}\n`)
    }
  })

  it("runs a script without a #! line as a shell does", async () => {
    const { tako, project } = await sandboxWith(secrets)
    Fs.writeFileSync(Path.join(project, "script"), "echo from a script\n", { mode: 0o755 })
    const ended = await tako(["run", "./script"])
    assert.deepStrictEqual([ended.code, ended.stdout], [0, "from a script\n"])
  })

  it("starts nothing if one value does not open", async () => {
    const { tako, project, readFile, writeFile, folder } = await sandboxWith({
      development: { A: "canary-a", B: "canary-b" }
    })
    const whole = readFile()
    const attempts = [
      (values: Record<string, string>) => ({ ...values, B: values.A as string }),
      (values: Record<string, string>) => ({ ...values, B: withFlippedBit(values.B as SealedValue) })
    ]
    for (const change of attempts) {
      const { salt, secrets } = whole.development as { salt: string; secrets: Record<string, string> }
      writeFile({ development: { salt, secrets: change(secrets) } })
      for (const flags of [[], ["--as-env"]]) {
        const ended = await tako(["run", ...flags, "touch", "mark"])
        assert.strictEqual(ended.code, 4)
        assert.include(ended.stderr, "B")
        assert.notInclude(ended.stderr, "canary-")
        assert.isFalse(Fs.existsSync(Path.join(project, "mark")))
      }
    }
    writeFile(whole)
    const keyless = await tako(["run", "touch", "mark"], { variables: { TAKO_HOME: `${folder}/nowhere` } })
    assert.strictEqual(keyless.code, 3)
    assert.isFalse(Fs.existsSync(Path.join(project, "mark")))
  })

  it("hands over an empty set of secrets", async () => {
    const { tako, folder } = await sandboxWith({ development: { A: "v" } })
    await tako(["secrets", "rm", "A", "--env", "development", "--yes"])
    const ended = await tako(["run", "sh", "-c", "cat <&3"], {
      variables: { TAKO_HOME: `${folder}/nowhere` }
    })
    assert.deepStrictEqual(JSON.parse(ended.stdout).secrets, {})
    assert.strictEqual(ended.code, 0)
  })

  it("does not wait for processes that the program leaves behind", async () => {
    const sandbox = await sandboxWith(secrets)
    const run = startRun(sandbox, ["sh", "-c", "sleep 1000 & exit 5"])
    assert.strictEqual(await run.end, 5)
  })
})
