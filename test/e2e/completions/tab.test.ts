import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import { makeSandbox, type Sandbox } from "../../support/cli.ts"

const production = { production: { salt: "", secrets: { DATABASE_URL: "" } } }

/** The completions offered for these words; fails if there is an error message. */
const offered = async (sandbox: Sandbox, ...words: ReadonlyArray<string>) => {
  const { code, stdout, stderr } = await sandbox.tako(["__complete", "zsh", ...words])
  assert.deepStrictEqual([code, stderr], [0, ""])
  return stdout.trimEnd().split("\n").slice(1)
}

describe("a press of Tab", () => {
  it("reads the secrets file of the project that the command would use, and no key", async () => {
    const sandbox = await makeSandbox()
    sandbox.writeFile(JSON.stringify(production))
    assert.deepStrictEqual(await offered(sandbox, "secrets", "get", ""), ["DATABASE_URL"])
    assert.isFalse(Fs.existsSync(sandbox.home))
    const other = Path.join(sandbox.project, "other")
    Fs.mkdirSync(Path.join(other, ".tako"), { recursive: true })
    Fs.writeFileSync(Path.join(other, ".tako", "secrets.json"), '{"other":{"salt":"","secrets":{}}}')
    const elsewhere = ["-c", "other/tako.toml", "secrets", "ls", "--env", ""]
    assert.deepStrictEqual(await offered(sandbox, ...elsewhere), ["other"])
  })

  it("prints nothing and does not wait if the file is not a regular file, or damaged", async () => {
    const sandbox = await makeSandbox()
    const nothing = async () => assert.deepStrictEqual(await offered(sandbox, "secrets", "get", ""), [])
    await nothing()
    for (const text of ["", "{", "null", '{"production":null}', '{"production":{"secrets":1}}']) {
      sandbox.writeFile(text)
      await nothing()
    }
    Fs.rmSync(sandbox.file)
    execFileSync("mkfifo", [sandbox.file])
    await nothing()
    const { code, stdout, stderr } = await sandbox.tako(["__complete"])
    assert.deepStrictEqual([code, stderr, stdout.split("\n")[0]], [0, "", "words"])
  })
})
