import * as Fs from "node:fs"
import * as Path from "node:path"
import { transformSync } from "esbuild"
import { assert, describe, it } from "vitest"
import { makeSandbox, sandboxWith } from "../../support/cli.ts"
import { linesOf, program, setSecret, startDev } from "./started.ts"

/** A program that prints its secrets and, after a while, serves them on a port that it reports on fd 4. */
const server = `
  const fs = require("fs")
  const { secrets } = JSON.parse(fs.readFileSync(3, "utf8"))
  fs.appendFileSync("starts", process.pid + "\\n")
  console.log("has", JSON.stringify(secrets), process.env.PORT, process.env.LEVEL)
  setTimeout(() => {
    const server = require("http").createServer((_, response) => response.end(JSON.stringify(secrets)))
    server.listen(0, "127.0.0.1", () => fs.writeSync(4, server.address().port + "\\n"))
  }, 150)`

const answerOf = async (url: string) => (await fetch(url, { headers: { connection: "close" } })).text()

describe("tako dev", () => {
  it("keeps its address, and answers requests that arrive during a restart", async () => {
    const sandbox = await sandboxWith({ development: { A: "one" } })
    const dev = startDev(sandbox, process.execPath, program(sandbox, server))
    await dev.waitFor("your app is at ")
    const [url = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(dev.stderr()) ?? []
    assert.strictEqual(await answerOf(url), '{"A":"one"}')
    await setSecret(sandbox, "A", "two")
    await dev.waitFor("A has changed, restarting")
    // By now the old program is stopped, and the new one does not listen yet.
    const answers = await Promise.all(Array.from({ length: 10 }, () => answerOf(url)))
    for (const answer of answers) assert.strictEqual(answer, '{"A":"two"}')
    dev.kill("SIGTERM")
    assert.strictEqual(await dev.end, "SIGTERM")
    // A later session uses the same address.
    const again = startDev(sandbox, process.execPath, program(sandbox, server))
    await again.waitFor(`your app is at ${url}`)
    assert.strictEqual(dev.stderr().match(/your app is at/g)?.length, 1)
    again.kill("SIGTERM")
    await again.end
  })

  it("keeps the program running if a change does not open, says why, and continues when it is fixed", async () => {
    const sandbox = await sandboxWith({ development: { A: "one" }, staging: { A: "canary" } })
    const dev = startDev(sandbox, process.execPath, program(sandbox, server))
    await dev.waitFor('has {"A":"one"}')
    const before = Fs.readFileSync(sandbox.file, "utf8")

    Fs.appendFileSync(sandbox.file, "<<<<<<< HEAD\n")
    await dev.waitFor("it contains a merge conflict")
    await dev.waitFor("your app keeps running unchanged")
    Fs.writeFileSync(sandbox.file, before)
    await dev.waitFor("that is fixed")

    const environments = sandbox.readFile()
    const blob = environments.staging?.secrets.A as string
    const secrets = environments.development?.secrets as Record<string, string>
    sandbox.writeFile({
      ...environments,
      development: { ...environments.development, secrets: { ...secrets, B: blob } }
    } as typeof environments)
    await dev.waitFor(
      "B in environment development holds a value that was sealed for A in environment staging"
    )
    Fs.writeFileSync(sandbox.file, before)
    await dev.waitFor("that is fixed")
    assert.lengthOf(linesOf(sandbox, "starts"), 1)

    // Only the last of these changes concerns the program.
    await setSecret(sandbox, "A", "other", "staging")
    const toml = Path.join(sandbox.project, "tako.toml")
    Fs.writeFileSync(toml, 'name = "project"\n# A remark.\n')
    Fs.writeFileSync(toml, 'name = "project"\n[vars.production]\nLEVEL = "no"\n')
    Fs.writeFileSync(`${toml}.new`, 'name = "project"\n[vars.development]\nLEVEL = "debug"\n')
    Fs.renameSync(`${toml}.new`, toml)
    await dev.waitFor("LEVEL has changed, restarting")
    await dev.waitFor('has {"A":"one"} 0 debug')
    assert.lengthOf(linesOf(sandbox, "starts"), 2)
    assert.notInclude(dev.stderr(), "canary")
    dev.kill("SIGTERM")
    await dev.end
  })

  it("delivers the secrets again to a program that node --watch restarts", async () => {
    const sandbox = await sandboxWith({ development: { A: "one" } })
    Fs.writeFileSync(Path.join(sandbox.project, "package.json"), '{"type":"module"}')
    assert.strictEqual((await sandbox.tako(["typegen"])).code, 0)
    const text = Fs.readFileSync(Path.join(sandbox.project, "tako.gen.ts"), "utf8")
    const { code } = transformSync(text, { loader: "ts", target: "node20" })
    Fs.writeFileSync(Path.join(sandbox.project, "tako.gen.js"), code)
    const app = Path.join(sandbox.project, "app.js")
    const save = (word: string) =>
      Fs.writeFileSync(app, `import { secrets } from "./tako.gen.js"; console.log("${word}", secrets.A)`)
    save("first")
    const dev = startDev(sandbox, process.execPath, "--watch", "--no-warnings", "app.js")
    await dev.waitFor("first one")
    for (const word of ["second", "third"]) {
      // Node starts watching a file some time after loading it, so it may miss the first change: save until it restarts.
      const again = setInterval(save, 5_000, word)
      save(word)
      await dev.waitFor(`${word} one`).finally(() => clearInterval(again))
    }
    await setSecret(sandbox, "A", "two")
    await dev.waitFor("third two")
    dev.kill("SIGTERM")
    await dev.end
  })

  it("survives a program that fails after a change, and starts it at the next one", async () => {
    const sandbox = await sandboxWith({ development: { A: "one" } })
    const failing = `
      const { secrets } = JSON.parse(require("fs").readFileSync(3, "utf8"))
      console.log("has", secrets.A)
      if (secrets.A === "bad") process.exit(3)
      if (secrets.A === "last") setTimeout(() => process.exit(0), 300)
      setInterval(() => {}, 1000)`
    const dev = startDev(sandbox, process.execPath, program(sandbox, failing))
    await dev.waitFor("has one")
    await setSecret(sandbox, "A", "bad")
    await dev.waitFor("your app exited with 3; waiting for a change")
    await setSecret(sandbox, "A", "last")
    await dev.waitFor("has last")
    assert.strictEqual(await dev.end, 0)
  })

  it("starts without a key: development is created empty, and its data is ignored by git", async () => {
    const sandbox = await makeSandbox()
    const dev = startDev(sandbox, "sh", "-c", "cat <&3; test -d $TAKO_DATA_DIR && exit 5")
    assert.strictEqual(await dev.end, 5)
    await dev.waitFor('"secrets":{}')
    await dev.waitFor("created environment development, which has no secrets yet")
    assert.deepStrictEqual(sandbox.readFile().development?.secrets, {})
    const { stdout } = await sandbox.git("status", "--porcelain", "--untracked-files=all")
    assert.strictEqual(stdout, "?? .tako/secrets.json\n")
  })

  it("exits like a shell for a program that cannot be started, and says what to type without a command", async () => {
    const sandbox = await makeSandbox()
    const missing = startDev(sandbox, "no-such-program-of-tako")
    assert.strictEqual(await missing.end, 127)
    assert.include(missing.stderr(), "no-such-program-of-tako: command not found")
    Fs.rmSync(Path.join(sandbox.project, ".tako"), { recursive: true })
    const none = startDev(sandbox)
    assert.strictEqual(await none.end, 2)
    assert.include(none.stderr(), "Type a command: tako dev npm run dev")
    assert.isFalse(Fs.existsSync(Path.join(sandbox.project, ".tako")))
  })

  it("runs tako.toml's dev, a list or a line, in the project's folder, with npm's programs on the PATH", async () => {
    const sandbox = await makeSandbox()
    const programs = Path.join(sandbox.project, "node_modules", ".bin")
    Fs.mkdirSync(programs, { recursive: true })
    Fs.writeFileSync(Path.join(programs, "my-tool"), '#!/bin/sh\npwd; echo "$ENV $NODE_ENV $1"; exit 6\n', {
      mode: 0o755
    })
    Fs.mkdirSync(Path.join(sandbox.project, "below"))
    for (const command of ['["my-tool", "it"]', '"my-tool it"']) {
      Fs.writeFileSync(Path.join(sandbox.project, "tako.toml"), `dev = ${command}\n`)
      const dev = startDev({ ...sandbox, project: Path.join(sandbox.project, "below") })
      assert.strictEqual(await dev.end, 6, dev.stderr())
      await dev.waitFor("development development it")
    }
  })
})
