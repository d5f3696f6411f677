import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import { bin, makeSandbox, passphrase, type Sandbox, sandboxWith } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"
import * as Pty from "../../support/pty.ts"
import { randomBytes } from "../../support/random.ts"

const pem = "-----BEGIN KEY-----\nMC4CAQAw\n-----END KEY-----"

const atTerminal = (
  { project, variables }: Sandbox,
  args: ReadonlyArray<string>,
  steps: ReadonlyArray<Pty.Step>,
  more: Readonly<Record<string, string>> = {}
) =>
  Pty.play({
    command: [process.execPath, bin, ...args],
    directory: project,
    environment: { ...variables, TERM: "xterm-256color", ...more },
    steps: [...steps, Pty.exit]
  })

const set = ["secrets", "set", "TLS_KEY", "--env", "production"]
const askPassphrase = Pty.wait("Passphrase for environment production")

describe.skipIf(!needs("python3"))("at a terminal", () => {
  it("the first secret creates its environment: suggestion, passphrase twice, a pasted PEM", async () => {
    const sandbox = await makeSandbox()
    const shown = await atTerminal(sandbox, set, [
      Pty.wait("Creating environment production. Choose a passphrase; share it with your team"),
      Pty.wait("Suggestion: "),
      askPassphrase,
      Pty.send("hunter2\r"),
      Pty.wait("That one is weak: it has fewer than 12 characters"),
      Pty.wait("Repeat the passphrase: "),
      Pty.send("hunter2\r"),
      Pty.wait("Enter value: "),
      Pty.untilFlags({ ECHO: false }),
      Pty.send(`\u001b[200~${pem}\u001b[201~\r`),
      Pty.wait("Set secret TLS_KEY for environment production")
    ])
    assert.deepStrictEqual(shown.exit, { code: 0 })
    assert.isTrue(shown.restored)
    assert.notInclude(shown.output, "hunter2")
    assert.notInclude(shown.output, "MC4CAQAw")
    assert.strictEqual(
      (await sandbox.tako(["secrets", "get", "TLS_KEY", "-e", "production"])).stdout,
      `${pem}\n`
    )
  })

  it("Enter accepts the suggestion, and a teammate joins with the passphrase that was shown", async () => {
    const sandbox = await makeSandbox()
    const shown = await atTerminal(sandbox, set, [
      askPassphrase,
      Pty.untilFlags({ ECHO: false }),
      Pty.send("\r"),
      Pty.wait("Enter value: "),
      Pty.untilFlags({ ECHO: false }),
      Pty.send("v\r"),
      Pty.wait("Set secret")
    ])
    const [, suggestion] = /Suggestion: ([a-z-]+)/.exec(shown.output) ?? assert.fail(shown.output)
    const joined = await sandbox.tako(["secrets", "key", "derive", "-e", "production"], {
      variables: { TAKO_PASSPHRASE: suggestion as string, TAKO_HOME: Path.join(sandbox.folder, "teammate") }
    })
    assert.strictEqual(joined.code, 0, joined.stderr)
  })

  it("a wrong passphrase can be retried, three times; Ctrl-C restores the echo and exits with 130", async () => {
    const sandbox = await sandboxWith({ production: { A: "v" } })
    const elsewhere = { TAKO_HOME: Path.join(sandbox.folder, "teammate") }
    const wrong = [
      askPassphrase,
      Pty.untilFlags({ ECHO: false }),
      Pty.send("wrong\r"),
      Pty.wait("Wrong passphrase for ")
    ]
    const get = ["secrets", "get", "A", "-e", "production"]
    const refused = await atTerminal(sandbox, get, [...wrong, ...wrong, ...wrong], elsewhere)
    assert.deepStrictEqual(refused.exit, { code: 3 })
    assert.include(refused.output, "a prompt opens none of its values")
    const interrupted = await atTerminal(
      sandbox,
      get,
      [...wrong, askPassphrase, Pty.untilFlags({ ECHO: false }), Pty.send("half\u0003")],
      elsewhere
    )
    assert.deepStrictEqual(interrupted.exit, { code: 130 })
    assert.isTrue(interrupted.restored)
    const right = await atTerminal(
      sandbox,
      get,
      [...wrong, askPassphrase, Pty.untilFlags({ ECHO: false }), Pty.send(`${passphrase}\r`), Pty.wait("v")],
      elsewhere
    )
    assert.deepStrictEqual(right.exit, { code: 0 })
    const kept = await sandbox.tako(get, { variables: elsewhere })
    assert.strictEqual(kept.stdout, "v\n")
  })

  it("asks for the passphrase on the terminal although the value comes from stdin", async () => {
    const sandbox = await sandboxWith({ production: { A: "v" } })
    const file = Path.join(sandbox.folder, "value")
    Fs.writeFileSync(file, "from a file\n")
    const shown = await Pty.play({
      command: [process.execPath, bin, ...set],
      directory: sandbox.project,
      environment: { ...sandbox.variables, TAKO_HOME: Path.join(sandbox.folder, "teammate") },
      redirect: { stdin: file },
      steps: [askPassphrase, Pty.untilFlags({ ECHO: false }), Pty.send(`${passphrase}\r`), Pty.exit]
    })
    assert.deepStrictEqual(shown.exit, { code: 0 })
    assert.strictEqual(
      (await sandbox.tako(["secrets", "get", "TLS_KEY", "-e", "production"])).stdout,
      "from a file\n"
    )
  })

  it("asks which environment, with production last, and asks before it removes", async () => {
    const sandbox = await sandboxWith({
      development: { A: "v" },
      production: { A: "v" },
      staging: { A: "v" }
    })
    const shown = await atTerminal(
      sandbox,
      ["secrets", "rm", "A"],
      [
        Pty.wait("1) development"),
        Pty.wait("2) staging"),
        Pty.wait("3) production"),
        Pty.wait("Number or name: "),
        Pty.send("staging\r"),
        Pty.wait("Remove A from staging? [y/N]"),
        Pty.send("y\r"),
        Pty.wait("Removed secret A from environment staging")
      ]
    )
    assert.deepStrictEqual(shown.exit, { code: 0 })
    const declined = await atTerminal(
      sandbox,
      ["secrets", "rm", "A", "--env", "production"],
      [Pty.wait("[y/N]"), Pty.send("\r"), Pty.wait("Nothing was changed.")]
    )
    assert.deepStrictEqual(declined.exit, { code: 1 })
  })

  it("refuses lines pasted without brackets, and leaves none of them to the shell", async () => {
    const sandbox = await sandboxWith({ production: { A: "v" } })
    const shown = await atTerminal(sandbox, set, [
      Pty.wait("Enter value: "),
      Pty.untilFlags({ ECHO: false }),
      Pty.send(`${pem}\n`)
    ])
    assert.deepStrictEqual(shown.exit, { code: 2 })
    assert.include(shown.output, "tako secrets set NAME < FILE")
    assert.strictEqual(shown.leftover, "")
    assert.isFalse("TLS_KEY" in (sandbox.readFile().production?.secrets ?? {}))
  })

  it("key export keeps the key in the clipboard until Ctrl-C, which clears it at once", async () => {
    const sandbox = await sandboxWith({ production: { A: "v" } })
    const clipboard = Path.join(sandbox.folder, "clipboard")
    const bins = Path.join(sandbox.folder, "bin")
    Fs.mkdirSync(bins)
    const xclip = `#!/bin/sh\ncase " $* " in *" -o "*) cat ${clipboard} ;; *) cat > ${clipboard} ;; esac\n`
    Fs.writeFileSync(Path.join(bins, "xclip"), xclip, { mode: 0o755 })
    const path = `${bins}:${process.env.PATH}`
    const held = await atTerminal(
      sandbox,
      ["secrets", "key", "export", "--env", "production"],
      [
        Pty.wait("The key of production is in the clipboard for 45 seconds"),
        Pty.wait("45 s"),
        Pty.send("\u0003")
      ],
      { DISPLAY: ":99", PATH: path }
    )
    assert.deepStrictEqual(held.exit, { code: 130 })
    assert.strictEqual(Fs.readFileSync(clipboard, "utf8"), "")
    const missing = await sandbox.tako(["secrets", "key", "export", "--env", "production"])
    assert.strictEqual(missing.code, 1)
    assert.include(missing.stderr, "--stdout")
  })

  it("adopt shows the commit that added the value, and binds it if the person agrees", async () => {
    const sandbox = await sandboxWith({ production: { A: "one", B: "two" } })
    const { stdout: key } = await sandbox.tako(["secrets", "key", "export", "-e", "production", "--stdout"])
    const { createCipheriv } = await import("node:crypto")
    const nonce = randomBytes(12, "nonce")
    const cipher = createCipheriv("aes-256-gcm", Buffer.from(key, "base64"), nonce)
    const body = Buffer.concat([cipher.update("from another tool"), cipher.final()])
    const file = sandbox.readFile()
    const foreign = Buffer.concat([nonce, body, cipher.getAuthTag()]).toString("base64")
    if (file.production !== undefined) file.production.secrets.B = foreign
    sandbox.writeFile(file)
    await sandbox.git("add", "--all")
    await sandbox.git("commit", "--quiet", "--message", "Import B from the old vault")
    const get = ["secrets", "get", "B", "--env", "production"]
    assert.strictEqual((await sandbox.tako(get)).code, 4)
    const shown = await atTerminal(
      sandbox,
      ["secrets", "adopt", "B", "--env", "production"],
      [
        Pty.wait("Ada"),
        Pty.wait("Import B from the old"),
        Pty.wait("[y/N]"),
        Pty.send("y\r"),
        Pty.wait("Adopted secret B")
      ]
    )
    assert.deepStrictEqual(shown.exit, { code: 0 })
    assert.strictEqual((await sandbox.tako(get)).stdout, "from another tool\n")
    const noTerminal = await sandbox.tako(["secrets", "adopt", "B", "--env", "production"])
    assert.include(noTerminal.stderr, "nothing to adopt")
  })

  it("asks about a key that belongs to another project, and names that project", async () => {
    const sandbox = await sandboxWith({ production: { A: "v" } })
    const other = Path.join(sandbox.folder, "other")
    Fs.mkdirSync(Path.join(other, ".tako"), { recursive: true })
    Fs.copyFileSync(sandbox.file, Path.join(other, ".tako", "secrets.json"))
    const get = ["secrets", "get", "A", "--env", "production"]
    const refused = await sandbox.tako(get, { directory: other })
    assert.strictEqual(refused.code, 3)
    assert.include(refused.stderr, `${sandbox.project} (production)`)
    assert.include(refused.stderr, "tako secrets key trust --env production")
    const trusted = await sandbox.tako(["secrets", "key", "trust", "--env", "production", "--yes"], {
      directory: other
    })
    assert.strictEqual(trusted.code, 0, trusted.stderr)
    assert.strictEqual((await sandbox.tako(get, { directory: other })).stdout, "v\n")
  })
})
