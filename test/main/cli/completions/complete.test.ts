import { describe, expect, it } from "vitest"
import {
  type Answer,
  asShellReads,
  complete,
  type Names
} from "../../../../src/main/cli/completions/complete.ts"
import { root } from "../../../../src/main/cli/root.ts"
import { type CommandPath, flagsAt, type GroupSpec } from "../../../../src/main/command-line/specification.ts"

const secrets: Readonly<Record<string, ReadonlyArray<string>>> = {
  production: ["DATABASE_URL", "STRIPE_KEY"],
  staging: ["DATABASE_URL", "DEBUG"]
}

const names: Names = {
  environments: () => Object.keys(secrets),
  servers: () => ["la", "local"],
  apps: () => Object.keys(secrets).map((environment) => `shop/${environment}`),
  secrets: (environment) =>
    environment === undefined ? ["DATABASE_URL", "DEBUG", "STRIPE_KEY"] : (secrets[environment] ?? [])
}

const none: Names = { environments: () => [], servers: () => [], apps: () => [], secrets: () => [] }

/** The completions at the end of this line. */
const answer = (line: string, options: { readonly environment?: string; readonly root?: GroupSpec } = {}) => {
  const typed = line.split(" ")
  return complete(
    options.root ?? root.spec,
    { words: typed.slice(0, -1), current: typed.at(-1) ?? "" },
    (config) => (config === undefined || config === "here.toml" ? names : none),
    options.environment
  )
}

const words = (given: Answer) => {
  if (given._tag !== "Words") throw new Error(given._tag)
  return given.candidates.map(([word]) => word)
}

const below = (path: CommandPath): ReadonlyArray<CommandPath> => {
  const last = path.at(-1)
  return last?._tag !== "Group"
    ? [path]
    : [path, ...last.children.flatMap((child) => below([...path, child]))]
}

describe("completion", () => {
  it.each(below([root.spec]).map((path) => [path.map(({ name }) => name).join(" "), path] as const))(
    "%s: whatever is declared is offered",
    (_, path) => {
      const typed = path.slice(1).map(({ name }) => name)
      expect(words(answer([...typed, "--"].join(" ")))).toEqual(flagsAt(path).map(({ name }) => `--${name}`))
      for (const { name, value, holds } of flagsAt(path)) {
        if (holds === undefined) continue
        expect(words(answer([...typed, `--${name}`, ""].join(" "))), value).not.toEqual([])
      }
      const last = path.at(-1)
      if (last?._tag === "Group") {
        expect(words(answer([...typed, ""].join(" ")))).toEqual(last.children.map(({ name }) => name))
      }
    }
  )

  it.each<readonly [string, ReadonlyArray<string>]>([
    ["secrets se", ["set"]],
    ["secrets del", ["delete"]],
    ["secrets list --js", ["--json"]],
    ["help secrets key ro", ["rotate"]],
    ["nothing ", []],
    ["--no-color secrets key r", ["rotate"]],
    ["secrets get D", ["DATABASE_URL", "DEBUG"]],
    ["secrets get --env production D", ["DATABASE_URL"]],
    ["secrets rm -e production ", ["DATABASE_URL", "STRIPE_KEY"]],
    ["secrets get -estaging ", ["DATABASE_URL", "DEBUG"]],
    ["secrets set --env production D", ["DATABASE_URL", "DEBUG"]],
    ["secrets get -- D", ["DATABASE_URL", "DEBUG"]],
    ["secrets get -- --", []],
    ["secrets get DEBUG X", []],
    ["secrets get --config elsewhere.toml ", []],
    ["secrets get -c here.toml S", ["STRIPE_KEY"]],
    ["-c here.toml secrets get S", ["STRIPE_KEY"]],
    ["secrets ls --env=p", ["--env=production"]],
    ["secrets ls -es", ["-estaging"]],
    ["secrets ls -e=s", ["-e=staging"]],
    ["secrets ls --json=", []],
    ["secrets ls --env staging --e", []],
    ["completions z", ["zsh"]],
    ["logs shop/p", ["shop/production"]],
    ["apps scale 3 ", ["shop/production", "shop/staging"]],
    ["status -s l", ["la", "local"]],
    ["secrets sync -s l", ["la", "local"]],
    ["servers rm l", ["la"]]
  ])("%s", (line, expected) => {
    expect(words(answer(line))).toEqual(expected)
  })

  it("offers the secrets of TAKO_ENV if no environment is given", () => {
    expect(words(answer("secrets get ", { environment: "staging" }))).toEqual(["DATABASE_URL", "DEBUG"])
    expect(words(answer("secrets get -e production ", { environment: "staging" }))).toContain("STRIPE_KEY")
  })

  it("leaves files and other programs' command lines to the shell", () => {
    expect(answer("--config ")).toEqual({ _tag: "Files", before: "" })
    expect(answer("secrets ls --config=ta")).toEqual({ _tag: "Files", before: "--config=" })
    expect(answer("run ")).toEqual({ _tag: "Program", at: 1 })
    expect(answer("run --env production -- ")).toEqual({ _tag: "Program", at: 4 })
    expect(answer("run node --en")).toEqual({ _tag: "Program", at: 1 })
    expect(words(answer("run --en"))).toEqual(["--env"])
  })

  it("describes each word", () => {
    const given = answer("secrets ls --js")
    expect(given._tag === "Words" && given.candidates).toEqual([["--json", "Print JSON"]])
  })

  it("follows any declaration", () => {
    const unseen: GroupSpec = {
      _tag: "Group",
      name: "tako",
      aliases: [],
      summary: "",
      flags: [],
      children: [
        {
          _tag: "Leaf",
          name: "new",
          aliases: [],
          summary: "",
          example: "",
          arguments: [{ label: "ENV", takes: "any", passThrough: false, holds: "environment" }],
          flags: [
            { name: "lang", short: "l", value: "ts|go", summary: "" },
            { name: "out", value: "FILE", summary: "" }
          ]
        }
      ]
    }
    expect(words(answer("new production sta", { root: unseen }))).toEqual(["staging"])
    expect(words(answer("new --lang ", { root: unseen }))).toEqual(["ts", "go"])
    expect(words(answer("new -lg", { root: unseen }))).toEqual(["-lgo"])
    expect(answer("new --out ", { root: unseen })._tag).toBe("Files")
  })
})

describe("a word of bash", () => {
  it.each([
    ["plain", "plain"],
    ["my\\ app/tako.toml", "my app/tako.toml"],
    ["'my app'/tako.toml", "my app/tako.toml"],
    ['"my app/ta', "my app/ta"],
    ["'my a", "my a"],
    ['"a\\"b\\n"', 'a"b\\n'],
    ["$(touch x)", "$(touch x)"],
    ["\\", ""]
  ])("%s reads as %s", (typed, read) => {
    expect(asShellReads(typed)).toBe(read)
  })
})
