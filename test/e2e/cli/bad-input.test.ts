import { assert, describe, it } from "vitest"
import { passphrase, sandboxWith, type Typed } from "../../support/cli.ts"

const canary = "canary-5up3r-s3cret"

/** What is typed, the exit code, and what stderr must contain. */
const cases: ReadonlyArray<
  readonly [line: string, code: number, expected: string | ReadonlyArray<string>, typed?: Typed]
> = [
  ["secrets set", 2, "NAME"],
  [`secrets set NAME ${canary} --env production`, 2, "never taken from an argument"],
  [`secrets set NAME=${canary} --env production`, 2, "never taken from an argument"],
  [`secrets set --env production NAME -- ${canary}`, 2, "never taken from an argument"],
  [`secrets set ${canary} --env production`, 2, "A secret's name has"],
  ["secrets set --env", 2, "--env"],
  ["secrets set --env --allow-empty NAME", 2, "--env"],
  ["secrets set NAME --env Production", 2, ["An environment's name has", "Did you mean production?"]],
  ["secrets set NAME --env produktion", 2, ["Did you mean production?", "--create"], { stdin: "v" }],
  ["secrets set NAME", 2, ["Which environment?", "--env"], { stdin: "v" }],
  ["secrets set NAME --env production --env staging", 2, "--env"],
  ["secrets set NAME --env production", 2, "--allow-empty", { stdin: "" }],
  ["secrets set NAME --env production", 2, "--allow-empty", { stdin: "\n" }],
  ["secrets set NAME --env production", 2, "not UTF-8", { stdin: Uint8Array.of(0xff, 0xfe) }],
  ["secrets set NAME --env production", 2, "larger than 1 MiB", { stdin: "x".repeat(1_048_577) }],
  [
    "secrets set NAME --env brand-new",
    3,
    ["Environment brand-new is new, and there is no passphrase for it", "TAKO_PASSPHRASE"],
    { stdin: "v" }
  ],
  ["secrets set NAME --ENV production", 2, "Did you mean --env?"],
  [`secrets set NAME --value=${canary} --env production`, 2, "never taken from an argument"],
  [`secrets get DATABASE_URL --${canary}`, 2, "flag"],
  ["secrets get DATABASE_URI --env production", 1, "Did you mean DATABASE_URL?"],
  ["secrets get NAME --env stagin", 1, "environment stagin"],
  ["secrets get DATABASE_URL", 2, "Which environment?"],
  [`secrets get DATABASE_URL ${canary} --env production`, 2, "get"],
  ["secrets gte DATABASE_URL", 2, "Did you mean tako secrets get?"],
  ["secrets rm DATABASE_URL --env production", 2, ["no terminal", "--yes"]],
  ["secrets rm NOTHING --env production --yes", 1, "no secret NOTHING"],
  ["secrets rm DATABASE_URL --env production --all-envs --yes", 2, "cannot be used together"],
  ["secrets ls --env nowhere", 1, "no environment nowhere"],
  ["secrets ls extra", 2, "ls"],
  ["secrets verify --env nowhere", 1, "no environment nowhere"],
  ["secrets adopt DATABASE_URL --env production", 1, "nothing to adopt"],
  ["secrets adopt NOTHING --env production", 1, "no secret NOTHING"],
  ["secrets key derive", 2, "Which environment?"],
  ["secrets key derive --env produktion", 2, "Did you mean production?"],
  [
    "secrets key derive --env production",
    3,
    ["TAKO_PASSPHRASE opens none"],
    { variables: { TAKO_PASSPHRASE: canary } }
  ],
  ["secrets key import --env production", 3, "not a key", { stdin: canary }],
  [
    "secrets key import --env production",
    3,
    "opens no value",
    { stdin: Buffer.alloc(32).toString("base64") }
  ],
  [`secrets key import ${canary} --env production`, 2, "never taken from an argument"],
  ["secrets key export --env nowhere --stdout", 1, "no environment nowhere"],
  ["secrets key rotate --env production", 2, ["--generate", "--same-passphrase"]],
  ["secrets key rotate --env production --generate --same-passphrase", 2, "cannot be used together"],
  ["secrets key rotate --env production --same-passphrase", 3, "no key"],
  ["secrets key trust --env nowhere", 1, "no environment nowhere"],
  ["secrets key forget --env nowhere", 1, "no environment nowhere"],
  ["secrets key", 2, "derive"],
  ["secrets", 2, "set"],
  ["secret ls", 2, "Did you mean tako secrets?"],
  ["run", 2, "CMD"],
  ["run --env nowhere -- true", 1, "no environment nowhere"],
  ["run true", 1, "no environment development"],
  ["run --env production -- no-such-program-here", 127, "no-such-program-here: command not found"],
  ["run --env production -- /", 126, "/"],
  ["--wizard", 2, "flag"],
  ["secrets ls --wizard", 2, "flag"],
  ["--completions bash", 2, "flag"],
  ["--log-level debug secrets ls", 2, "flag"],
  ["secrets ls --config nowhere.toml", 1, "nowhere.toml"],
  ["secrets ls --config", 2, "--config"],
  ["init extra", 2, "init"],
  [canary, 2, "command"]
]

describe("bad input", () => {
  it("ends with the documented code, one message on stderr, and no value in it", {
    timeout: 4_000 * cases.length
  }, async () => {
    const { tako } = await sandboxWith({
      production: { DATABASE_URL: `postgres://${canary}` },
      staging: { DATABASE_URL: `postgres://${canary}` }
    })
    for (const [line, code, expected, typed] of cases) {
      const ended = await tako(line.split(" "), typed)
      assert.strictEqual(ended.code, code, `tako ${line}\n${ended.stderr}`)
      for (const text of [expected].flat()) assert.include(ended.stderr, text, `tako ${line}`)
      assert.strictEqual(ended.stdout, "", `tako ${line} printed to stdout`)
      assert.notInclude(ended.stderr, canary, `tako ${line}`)
      assert.notInclude(ended.stderr, passphrase)
      assert.notMatch(ended.stderr, /\n\s+at |Error:|undefined|\[object/, `tako ${line}`)
    }
  })
})
