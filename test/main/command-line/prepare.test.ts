import * as Either from "effect/Either"
import { describe, expect, it } from "vitest"
import { globalsOf } from "../../../src/main/cli/context.ts"
import { argvOf, decode } from "../../../src/main/cli/effect-cli.ts"
import { prepare } from "../../../src/main/command-line/prepare.ts"
import { type CommandPath, commandLine } from "../../../src/main/command-line/specification.ts"
import * as FastCheck from "../../support/fast-check.ts"
import { root } from "../cli/sample.ts"

const words = (line: string): ReadonlyArray<string> => (line === "" ? [] : line.split(" "))

/** A summary: the canonical command line with values and arguments decoded, "help of …", "version", or the message. */
const read = (argv: ReadonlyArray<string>): string =>
  Either.match(prepare(root.spec, argv), {
    onLeft: ({ message }) => message,
    onRight: (prepared) => {
      switch (prepared._tag) {
        case "Help":
          return `${prepared.asked ? "help of" : "incomplete"} ${commandLine(prepared.path)}`
        case "Version":
          return "version"
        case "Invoke": {
          const argv = argvOf(prepared)
          const split = argv.indexOf("--")
          const before = [...wordsOf(prepared.path), ...argv.slice(0, split)].map((token) =>
            token.replace(/=(.*)$/, (_, value) => `=${decode<string>(value)}`)
          )
          return [...before, "--", ...argv.slice(split + 1).map((token) => decode(token))].join(" ")
        }
      }
    }
  })

const wordsOf = (path: CommandPath) => path.slice(1).map(({ name }) => name)

/** Prepares a whole command line, split at spaces. */
const invoked = (argv: ReadonlyArray<string>) =>
  Either.match(prepare(root.spec, argv), {
    onLeft: ({ message }) => expect.fail(message),
    onRight: (prepared) =>
      prepared._tag === "Invoke"
        ? {
            argv: [...wordsOf(prepared.path), ...argvOf(prepared)],
            globals: globalsOf(prepared.flags)
          }
        : expect.fail(`${prepared._tag} instead of Invoke`)
  })

describe("flags and arguments", () => {
  it.each([
    ["secrets set A", "secrets set -- A"],
    ["secrets set A --env dev", "secrets set --env=dev -- A"],
    ["secrets set --env dev A", "secrets set --env=dev -- A"],
    ["secrets set --env=dev A", "secrets set --env=dev -- A"],
    ["secrets set -e dev A", "secrets set --env=dev -- A"],
    ["secrets set -edev A", "secrets set --env=dev -- A"],
    ["secrets set A -e=dev", "secrets set --env=dev -- A"],
    ["secrets set A --env=a=b", "secrets set --env=a=b -- A"],
    ["secrets set A --env=--yes", "secrets set --env=--yes -- A"],
    ["secrets set A --sync --allow-empty", "secrets set --allow-empty --sync -- A"],
    ["secrets rm -ye dev A", "secrets rm --env=dev --yes -- A"],
    ["secrets rm -yedev A", "secrets rm --env=dev --yes -- A"],
    ["secrets rm -ye=dev A", "secrets rm --env=dev --yes -- A"],
    ["secrets set -- --env", "secrets set -- --env"],
    ["secrets set -e dev -- -y", "secrets set --env=dev -- -y"],
    ["secrets set -", "secrets set -- -"],
    ["secrets ls", "secrets ls -- "],
    ["secrets ls A", "secrets ls -- A"],
    ["secrets key derive", "secrets key derive --"]
  ])("%s", (line, expected) => {
    expect(read(words(line))).toBe(expected)
  })

  it("resolves aliases, even if another command has that name", () => {
    expect(read(words("secrets add A"))).toBe("secrets set -- A")
    expect(read(words("secrets delete A --yes"))).toBe("secrets rm --yes -- A")
    expect(read(words("secrets show"))).toBe("secrets ls -- ")
  })

  it("accepts global flags anywhere before arguments that pass through", () => {
    for (const line of [
      "--config x.toml --no-color secrets set A",
      "-c x.toml secrets --no-color set A",
      "secrets set A --no-color --config=x.toml",
      "secrets -cx.toml set --no-color A"
    ]) {
      const { argv, globals } = invoked(words(line))
      expect(globals).toMatchObject({ config: { _tag: "Some", value: "x.toml" }, noColor: true })
      expect(argv).toEqual(["secrets", "set", "--", '"A"'])
    }
    expect(invoked(words("run x --config y --no-color")).globals).toMatchObject({
      config: { _tag: "None" },
      noColor: false
    })
  })
})

describe("options end at the program to run", () => {
  it.each([
    ["run node -e x", "run -- node,-e,x"],
    ["run --env dev node -e y", "run --env=dev -- node,-e,y"],
    ["run -- --foo", "run -- --foo"],
    ["run ls --help", "run -- ls,--help"],
    ["run ls -h --version --wizard", "run -- ls,-h,--version,--wizard"],
    ["run -- -- x", "run -- --,x"],
    ["run ls -- x", "run -- ls,--,x"],
    ["run --as-env -e dev -- ls --as-env -e", "run --env=dev --as-env -- ls,--as-env,-e"],
    ["run help", "run -- help"],
    ["dev", "dev -- "],
    ["dev --", "dev -- "],
    ["dev vite --port 1", "dev -- vite,--port,1"]
  ])("%s", (line, expected) => {
    expect(read(words(line))).toBe(expected)
  })

  it("passes everything on, unchanged and in order", () => {
    const anything = FastCheck.oneof(
      FastCheck.string(),
      FastCheck.string({ unit: "binary" }),
      FastCheck.constantFrom(
        "--help",
        "-h",
        "--",
        "--env",
        "--version",
        "--wizard",
        "--completions=sh",
        "",
        " a "
      )
    )
    FastCheck.assert(
      FastCheck.property(
        FastCheck.constantFrom("run", "dev"),
        FastCheck.array(anything),
        (command, behind) => {
          for (const argv of [
            [command, "program", ...behind],
            [command, "--", "-program", ...behind]
          ]) {
            const { argv: emitted } = invoked(argv)
            expect(emitted.slice(0, 2)).toEqual([command, "--"])
            expect(emitted).toHaveLength(3)
            expect(decode(emitted[2] ?? "")).toEqual([
              argv.includes("-program") ? "-program" : "program",
              ...behind
            ])
          }
        }
      )
    )
  })

  it("accepts any number of arguments", () => {
    const behind = Array.from({ length: 300_000 }, (_, i) => String(i))
    expect(decode<ReadonlyArray<string>>(invoked(["run", "--", "x", ...behind]).argv[2] ?? "").length).toBe(
      300_001
    )
  })
})

describe("help and version", () => {
  it.each([
    ["", "help of tako"],
    ["--help", "help of tako"],
    ["-h", "help of tako"],
    ["help", "help of tako"],
    ["secrets", "incomplete tako secrets"],
    ["secrets --no-color", "incomplete tako secrets"],
    ["secrets --help", "help of tako secrets"],
    ["--help secrets set", "help of tako secrets set"],
    ["help secrets set", "help of tako secrets set"],
    ["help secrets add", "help of tako secrets set"],
    ["secrets help set", "help of tako secrets set"],
    ["secrets set --help", "help of tako secrets set"],
    ["secrets set NAME -h --bogus", "help of tako secrets set"],
    ["secrets set --bogus --env --help", "help of tako secrets set"],
    ["secrets set NAME VALUE --help", "help of tako secrets set"],
    ["secrets rm -yh", "help of tako secrets rm"],
    ["help run ls --bogus", "help of tako run"],
    ["run --help ls", "help of tako run"],
    ["run -h", "help of tako run"],
    ["--version", "version"],
    ["-V", "version"],
    ["--no-color --version", "version"]
  ])("%s", (line, expected) => {
    expect(read(words(line))).toBe(expected)
  })
})

describe("reports what is wrong, and what to type", () => {
  const surplus = [
    "A value is never taken from an argument, where other users and your shell's history see it.",
    "Type it at the prompt: tako secrets set NAME, or pass it in: tako secrets set NAME < FILE"
  ].join("\n")

  it.each([
    ["secretz", 'There is no command "tako secretz".\nDid you mean tako secrets?'],
    ["secrets remvoe A", 'There is no command "tako secrets remvoe".\nDid you mean tako secrets remove?'],
    ["set A", 'There is no command "tako set".\nDid you mean tako secrets set?'],
    ["secrets derive", 'There is no command "tako secrets derive".\nDid you mean tako secrets key derive?'],
    [
      "secrets nothing-like-it",
      'There is no command "tako secrets nothing-like-it".\nSee: tako secrets --help'
    ],
    ["secrets DATABASE_URL hunter2", "tako secrets has no such command.\nSee: tako secrets --help"],
    ["version", 'There is no command "tako version".\nDid you mean tako --version?'],
    ["help secrets sett", 'There is no command "tako secrets sett".\nDid you mean tako secrets set?'],
    ["-- secrets set A", 'A command is missing before "--".\nSee: tako --help'],
    ["secrets get A --evn=dev", "tako secrets get has no flag --evn.\nDid you mean --env?"],
    ["secrets get A --ENV=dev", "tako secrets get has no flag --ENV.\nDid you mean --env?"],
    ["secrets get A --ENV dev", "tako secrets get has no flag --ENV.\nDid you mean --env?"],
    ["secrets get A --evn dev", "tako secrets get has no flag --evn.\nDid you mean --env?"],
    [
      "secrets get A --nonsense dev",
      "tako secrets get has no flag --nonsense.\nSee: tako secrets get --help"
    ],
    ["secrets set A --evn dev", "tako secrets set has no flag --evn.\nDid you mean --env?"],
    ["secrets --cofnig x get A", "tako secrets has no flag --cofnig.\nDid you mean --config?"],
    ["secrets get A -E", "tako secrets get has no flag -E.\nSee: tako secrets get --help"],
    ["secrets get A --e=dev", "tako secrets get has no flag --e.\nSee: tako secrets get --help"],
    ["secrets get A -hunter2", "help of tako secrets get"],
    ["secrets get A -zhunter2", "tako secrets get has no such flag.\nSee: tako secrets get --help"],
    ["secrets get A --no-yes", "tako secrets get has no flag --no-yes.\nSee: tako secrets get --help"],
    ["secrets get A --version", "tako secrets get has no flag --version.\nSee: tako secrets get --help"],
    ["--env dev secrets ls", "tako has no flag --env.\nWrite it after the command: tako COMMAND --env"],
    [
      "secrets -e dev ls",
      "tako secrets has no flag -e.\nWrite it after the command: tako secrets COMMAND -e"
    ],
    ["secrets set --env", "--env needs a value.\nWrite --env NAME"],
    ["secrets set A --env=", "--env needs a value.\nWrite --env NAME"],
    [
      "secrets set --env --yes",
      '--env needs a value.\nWrite --env NAME (a value that begins with "-": --env=NAME)'
    ],
    [
      "secrets set -e -- A",
      '--env needs a value.\nWrite --env NAME (a value that begins with "-": --env=NAME)'
    ],
    ["secrets rm A --yes=hunter2", "--yes takes no value.\nSee: tako secrets rm --help"],
    ["secrets rm A -y=hunter2", "--yes takes no value.\nSee: tako secrets rm --help"],
    ["secrets rm A -e a --env b", "--env is given twice.\nSee: tako secrets rm --help"],
    ["secrets rm A -yy", "--yes is given twice.\nSee: tako secrets rm --help"],
    ["-c a secrets ls -c b", "--config is given twice.\nSee: tako secrets ls --help"],
    [
      "secrets set",
      "NAME is missing.\nUsage: tako secrets set NAME [flags]\nExample: tako secrets set DATABASE_URL --env production"
    ],
    ["run", "CMD is missing.\nUsage: tako run [flags] [--] CMD…\nExample: tako run -- node server.ts"],
    ["run --", "CMD is missing.\nUsage: tako run [flags] [--] CMD…\nExample: tako run -- node server.ts"],
    [
      "secrets get A B",
      "tako secrets get takes no more than NAME.\nUsage: tako secrets get NAME [flags]\nExample: tako secrets get DATABASE_URL --env production"
    ],
    [
      "secrets key derive hunter2",
      "tako secrets key derive takes no arguments.\nUsage: tako secrets key derive [flags]\nExample: tako secrets key derive"
    ],
    ["secrets set A hunter2", surplus],
    ["secrets set A=hunter2", surplus],
    ["secrets set A hunter2 --bogus", surplus],
    ["secrets set A --bogus hunter2", surplus],
    ["secrets set A --value=hunter2", `tako secrets set has no flag --value. ${surplus}`],
    ["secrets set A --value hunter2", surplus],
    ["secrets set A --evn dev hunter2", surplus],
    ["secrets set A --hunter2=x", `tako secrets set has no such flag. ${surplus}`],
    ["secrets set A -- hunter2", surplus],
    ["secrets set A --wizard", "tako secrets set has no flag --wizard.\nSee: tako secrets set --help"],
    ["--wizard", "tako has no flag --wizard.\nSee: tako --help"],
    ["--completions=bash", "tako has no flag --completions.\nSee: tako --help"],
    ["--log-level debug secrets ls", "tako has no flag --log-level.\nSee: tako --help"]
  ])("%s", (line, expected) => {
    expect(read(words(line))).toBe(expected)
  })

  it("refuses an empty argument or value, but passes it on to a program", () => {
    expect(read(["secrets", "get", ""])).toMatch(/^NAME is empty\./)
    expect(read(["secrets", "set", "A", "--env", ""])).toMatch(/^--env needs a value\./)
    expect(read(["run", ""])).toBe("run -- ")
    expect(read(["run", "x", ""])).toBe("run -- x,")
    expect(read([""])).toBe("tako has no such command.\nSee: tako --help")
  })

  it("matches flags and commands case-sensitively", () => {
    expect(read(words("Secrets set A"))).toMatch(/^tako has no such command/)
    expect(read(words("secrets rm A -Y"))).toMatch(/^tako secrets rm has no flag -Y/)
    expect(read(words("-v"))).toBe("tako has no flag -v.\nSee: tako --help")
  })
})

describe("what was typed in the wrong place", () => {
  // No message of tako contains "Zq9".
  const canary = FastCheck.string({
    unit: FastCheck.constantFrom("Q", "9", "\u001b", "\n", "é", "=", " "),
    minLength: 3
  })
  const secret = canary.map((tail) => `Zq9${tail}`)

  it("never appears in a message", () => {
    const places = (value: string): ReadonlyArray<ReadonlyArray<string>> => [
      ["secrets", "set", "A", value],
      ["secrets", "set", `A=${value}`],
      ["secrets", "set", "A", "--bogus", value],
      ["secrets", "set", "A", `--bogus=${value}`],
      ["secrets", "set", "A", `--${value}`],
      ["secrets", "set", "A", `-${value}`],
      ["secrets", "set", "A", `--allow-empty=${value}`],
      ["secrets", "get", "A", "B", value],
      ["secrets", "rm", "A", `-y=${value}`],
      ["secrets", "rm", "A", `-y${value}`],
      ["secrets", "key", "derive", value],
      ["secrets", value],
      [value],
      [`--${value}`, "secrets", "ls"],
      ["help", value],
      ["secrets", "set", "--env", `-${value}`, "A"]
    ]
    FastCheck.assert(
      FastCheck.property(secret, (value) => {
        for (const argv of places(value)) {
          const prepared = prepare(root.spec, argv)
          const message = Either.isLeft(prepared) ? prepared.left.message : expect.fail(argv.join(" "))
          for (const trace of ["Zq9", "QQ", "99", "\u001b"]) expect(message).not.toContain(trace)
        }
      })
    )
  })

  it("is either read or refused", () => {
    const token = FastCheck.oneof(
      FastCheck.string(),
      FastCheck.constantFrom(
        "secrets",
        "set",
        "rm",
        "run",
        "-e",
        "--env",
        "--env=",
        "-y",
        "--",
        "-h",
        "help",
        "-c",
        "A"
      )
    )
    FastCheck.assert(
      FastCheck.property(FastCheck.array(token, { maxLength: 8 }), (argv) => {
        const prepared = prepare(root.spec, argv)
        if (Either.isLeft(prepared)) expect(prepared.left._tag).toBe("Usage")
      }),
      { numRuns: 1000 }
    )
  })
})
