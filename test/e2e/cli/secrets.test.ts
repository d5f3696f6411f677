import * as Fs from "node:fs"
import { assert, describe, it } from "vitest"
import { makeSandbox, passphrase, sandboxWith } from "../../support/cli.ts"

const pem = "-----BEGIN KEY-----\nMC4CAQAw\n-----END KEY-----\n"

describe("tako secrets", () => {
  it("takes a project from init to reading a value back", async () => {
    const { tako, git, project } = await makeSandbox()
    const variables = { TAKO_PASSPHRASE: passphrase }
    const init = await tako(["init"])
    assert.strictEqual(init.code, 0, init.stderr)
    const set = await tako(["secrets", "set", "TLS_KEY", "-e", "production"], {
      stdin: `${pem}\n`,
      variables
    })
    assert.strictEqual(set.code, 0, set.stderr)
    assert.strictEqual(set.stdout, "")
    assert.include(
      set.stderr,
      "Created environment production\nSet secret TLS_KEY for environment production\n"
    )
    const get = await tako(["secrets", "get", "TLS_KEY", "--env=production"])
    assert.deepStrictEqual([get.code, get.stdout, get.stderr], [0, `${pem}\n`, ""])
    await git("add", "--all")
    assert.strictEqual(
      (await git("status", "--short")).stdout,
      "A  .gitignore\nA  .tako/secrets.json\nA  tako.toml\n"
    )
    Fs.writeFileSync(`${project}/.tako/scratch`, "")
    assert.strictEqual(
      (await git("status", "--short", "--untracked-files=all")).stdout.includes("scratch"),
      false
    )
  })

  it("set and get are inverses for every kind of text", async () => {
    const { tako } = await sandboxWith({ production: { SEED: "v" } })
    for (const value of ["x", "x\n", "\n\n", " spaces ", "\uFEFFbom", "päss 🐙", "a\0b", "--env", "a\r\n"]) {
      const set = await tako(["secrets", "add", "VALUE", "--env", "production"], { stdin: `${value}\n` })
      assert.strictEqual(set.code, 0, set.stderr)
      const get = await tako(["secrets", "get", "VALUE", "--env", "production"])
      assert.strictEqual(get.stdout, `${value}\n`)
    }
    const json = await tako(["secrets", "get", "VALUE", "--env", "production", "--json"])
    assert.deepStrictEqual(JSON.parse(json.stdout), {
      environment: "production",
      name: "VALUE",
      value: "a\r\n"
    })
  })

  it("imports a .env file by name or from stdin, and asks before it replaces", async () => {
    const { tako, project } = await sandboxWith({ production: { KEPT: "v", OLD: "v" } })
    const env = ["--env", "production"]
    Fs.writeFileSync(`${project}/.env`, `OLD=canary-1\nNEW='canary 2' # new\nKEPT=v\nNONE=\nREF=\${HOME}\n`)
    const alone = await tako(["secrets", "import", ".env", ...env])
    assert.strictEqual(alone.code, 2)
    assert.include(alone.stderr, "error: Replace OLD in production? There is no terminal to ask on.\n")
    const named = await tako(["secrets", "import", ".env", ...env, "--yes"])
    assert.strictEqual(named.code, 0, named.stderr)
    assert.include(
      named.stderr,
      "Imported 4 secrets into environment production: 2 new, 1 replaced, 1 unchanged\n" +
        `Skipped, because it has no value: NONE\nImported literally, with \${…} not replaced: REF\n`
    )
    assert.notInclude(named.stderr, "Check these values")
    assert.strictEqual((await tako(["secrets", "get", "NEW", ...env])).stdout, "canary 2\n")
    const doubtful = await tako(["secrets", "import", ...env], {
      stdin:
        'CUT=canary#7\nOPEN="canary\nPEM=-----BEGIN\ncanary\n-----END\nDOTENV_PUBLIC_KEY=03\nFLAT=-----BEGIN KEY\\ncanary\n'
    })
    assert.include(
      doubtful.stderr,
      "4 new\nSkipped, because only dotenvx uses it: DOTENV_PUBLIC_KEY\n" +
        "Skipped, because it is not NAME=value: lines 4 and 5\n" +
        "Cut off at a #, which starts a comment outside quotes: CUT\n" +
        "Imported with its opening quote, which is not closed: OPEN\n" +
        "Imported as one line, because \\n is a line break only in double quotes: FLAT\nCheck these values; "
    )
    const piped = await tako(["secrets", "import", "-", "A", ...env], { stdin: "A=canary-3\nlower=canary-4" })
    assert.include(piped.stderr, "Imported 1 secret into environment production: 1 new\n")
    assert.include(piped.stderr, "Delete the values wherever they are still in plain text.\n")
    const missing = await tako(["secrets", "import", "canary-5", ...env])
    assert.strictEqual(missing.code, 1)
    assert.strictEqual(
      missing.stderr,
      "error: Could not read the file you named: it does not exist (ENOENT).\n"
    )
    const wide = await tako(["secrets", "import", ...env], {
      stdin: Buffer.from("\uFEFFA=canary-6", "utf16le")
    })
    assert.deepStrictEqual([wide.code, wide.stderr.split("\n")[0]], [2, "error: The file is not UTF-8."])
    const large = await tako(["secrets", "import", ...env], { stdin: `A=${"x".repeat(1024 * 1024)}` })
    assert.include(large.stderr, "error: The file is larger than 1 MiB.\n")
    for (const { stdout, stderr } of [alone, named, doubtful, piped, wide])
      assert.notInclude(stdout + stderr, "canary")
  })

  it("lists names without a key, as a table and as JSON", async () => {
    const { tako, folder } = await sandboxWith({
      development: { DATABASE_URL: "v" },
      production: { DATABASE_URL: "v", STRIPE_KEY: "v" },
      staging: { DATABASE_URL: "v" }
    })
    const keyless = { variables: { TAKO_HOME: `${folder}/nowhere` } }
    const table = await tako(["secrets", "ls"], keyless)
    assert.strictEqual(
      table.stdout,
      [
        "SECRET         development   production   staging",
        "DATABASE_URL   set           set          set",
        "STRIPE_KEY     -             set          missing",
        ""
      ].join("\n")
    )
    assert.strictEqual(
      table.stderr,
      "\n1 secret is missing in staging: tako secrets set STRIPE_KEY --env staging\n"
    )
    const json = await tako(["secrets", "list", "--json"], keyless)
    assert.strictEqual(JSON.parse(json.stdout).secrets[1].environments.staging, "missing")
    assert.strictEqual((await tako(["secrets", "show", "--env", "staging"], keyless)).code, 0)
  })

  it("rm removes without a key, from one environment or all", async () => {
    const { tako, readFile, folder } = await sandboxWith({
      production: { A: "v", B: "v" },
      staging: { A: "v" }
    })
    const keyless = { variables: { TAKO_HOME: `${folder}/nowhere` } }
    const one = await tako(["secrets", "remove", "B", "--env", "production", "--yes"], keyless)
    assert.deepStrictEqual([one.code, one.stderr], [0, "Removed secret B from environment production\n"])
    const all = await tako(["secrets", "rm", "A", "--all-envs", "-y"], keyless)
    assert.strictEqual(all.code, 0, all.stderr)
    assert.deepStrictEqual(
      Object.values(readFile()).map(({ secrets }) => secrets),
      [{}, {}]
    )
  })

  it("verify reports problems and exits 4, and 3 for a named environment without a key", async () => {
    const { tako, readFile, writeFile, folder } = await sandboxWith({
      production: { A: "one", B: "two" },
      staging: { A: "v" }
    })
    assert.strictEqual((await tako(["secrets", "verify"])).code, 0)
    const keyless = { variables: { TAKO_HOME: `${folder}/nowhere` } }
    assert.strictEqual((await tako(["secrets", "verify"], keyless)).code, 0)
    assert.strictEqual((await tako(["secrets", "verify", "--env", "staging"], keyless)).code, 3)
    const file = readFile()
    const { production } = file
    if (production === undefined) assert.fail()
    production.secrets.B = production.secrets.A as string
    writeFile(file)
    const bad = await tako(["secrets", "verify"])
    assert.strictEqual(bad.code, 4)
    assert.include(bad.stderr, "B holds the value of A in production")
    const json = JSON.parse((await tako(["secrets", "verify", "--json"])).stdout)
    assert.strictEqual(json.environments[0].secrets[1].state, "moved")
    const refused = await tako(["secrets", "set", "C", "--env", "production"], { stdin: "v" })
    assert.strictEqual(refused.code, 4)
    assert.deepStrictEqual(Object.keys(readFile().production?.secrets ?? {}), ["A", "B"])
  })

  it("every command refuses a damaged file and leaves it unchanged", async () => {
    const { tako, writeFile, file } = await sandboxWith({ production: { A: "v" } })
    for (const text of [
      "",
      "{",
      "[]",
      '{"a":{"salt":"AAAA","secrets":{}}}',
      '{"a":{},"a":{}}',
      "<<<<<<< HEAD\n{}"
    ]) {
      writeFile(text)
      for (const args of [
        ["secrets", "ls"],
        ["secrets", "get", "A", "--env", "production"],
        ["secrets", "set", "A", "--env", "production"],
        ["secrets", "rm", "A", "--env", "production", "--yes"],
        ["secrets", "key", "derive", "--env", "production"],
        ["run", "--env", "production", "--", "true"]
      ]) {
        const ended = await tako(args, { stdin: "v", variables: { TAKO_PASSPHRASE: passphrase } })
        assert.strictEqual(ended.code, 4, `${args.join(" ")}: ${ended.stderr}`)
        assert.match(
          ended.stderr,
          /\n(?:See what changed it: git diff HEAD -- |In an editor, keep the lines of both sides)/
        )
      }
      assert.strictEqual(Fs.readFileSync(file, "utf8"), text)
    }
  })

  it("manages a key: export, import, forget, trust, ls", async () => {
    const { tako, home } = await sandboxWith({ production: { A: "v" } })
    const list = async () => (await tako(["secrets", "key", "ls"])).stdout
    assert.include(await list(), "production    stored on this machine")
    const { stdout: key } = await tako(["secrets", "key", "export", "--env", "production", "--stdout"])
    assert.match(key, /^[A-Za-z0-9+/]{43}=\n$/)
    assert.strictEqual((await tako(["secrets", "key", "forget", "--env", "production"])).code, 0)
    assert.deepStrictEqual(Fs.readdirSync(`${home}/keys`), [])
    assert.include(await list(), "no key here")
    const viaVariable = await tako(["secrets", "get", "A", "--env", "production"], {
      variables: { TAKO_KEY: key.trim() }
    })
    assert.strictEqual(viaVariable.stdout, "v\n")
    const imported = await tako(["secrets", "key", "import", "--env", "production"], { stdin: key })
    assert.match(imported.stderr, /^Key for production opens 1 of 1 values, stored in /)
    assert.include(await list(), "stored on this machine")
  })

  it("rotates under a generated passphrase, which goes to stdout where there is no terminal", async () => {
    const { tako } = await sandboxWith({ production: { A: "one", B: "two" } })
    const rotated = await tako(["secrets", "key", "rotate", "--generate", "--env", "production"])
    assert.strictEqual(rotated.code, 0, rotated.stderr)
    assert.match(rotated.stdout, /^[a-z]+(-[a-z]+){5}\n$/)
    assert.include(rotated.stderr, "A, B")
    assert.include(
      rotated.stderr,
      "Commit .tako/secrets.json. Everyone who pulls it must join again: tako secrets key derive --env production. "
    )
    assert.strictEqual((await tako(["secrets", "get", "B", "--env", "production"])).stdout, "two\n")
    const joined = await tako(["secrets", "key", "derive", "--env", "production"], {
      variables: { TAKO_PASSPHRASE: rotated.stdout.trim(), TAKO_HOME: `${rotated.stdout.length}` }
    })
    assert.match(joined.stderr, /opens 2 of 2 values/)
  })

  it("--help has an example for every command, on stdout; --version prints the version", async () => {
    const { tako } = await makeSandbox()
    for (const command of [
      "init",
      "run",
      "secrets set",
      "secrets get",
      "secrets rm",
      "secrets ls",
      "secrets verify",
      "secrets adopt",
      "secrets key derive",
      "secrets key export",
      "secrets key import",
      "secrets key rotate",
      "secrets key trust",
      "secrets key forget",
      "secrets key ls"
    ]) {
      const help = await tako([...command.split(" "), "--help"])
      assert.deepStrictEqual([help.code, help.stderr], [0, ""])
      assert.include(help.stdout, `tako ${command}`)
      for (const line of help.stdout.split("\n")) assert.isAtMost(line.length, 80, line)
    }
    assert.match((await tako(["--version"])).stdout, /^tako \d+\.\d+\.\d+\n$/)
    assert.strictEqual((await tako([])).code, 0)
  })
})
