import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, beforeAll, describe, it, onTestFinished } from "vitest"
import { bin, makeSandbox } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"
import { play, type Step, send, wait } from "../../support/pty.ts"

const tab = "\t"
/** Types part of a line, presses Tab, and waits for what the shell adds. */
const completes = (typed: string, added: string): ReadonlyArray<Step> => [
  send(`${typed}${tab}`),
  wait(typed),
  wait(added),
  send("\x15")
]

const hostile = [
  "$(touch pwned)",
  "`touch pwned`",
  "x;touch pwned",
  "a b",
  "\u001b[31mred",
  "--help",
  "__proto__"
]
const file = JSON.stringify({
  ...Object.fromEntries(
    hostile.map((name) => [name, { salt: "", secrets: { "A$(touch pwned)": "", "A;touch pwned": "" } }])
  ),
  production: { salt: "", secrets: { DATABASE_URL: "", STRIPE_KEY: "", "X\u0007": "" } },
  staging: { salt: "", secrets: { ONLY_IN_STAGING: "" } }
})

const scripts = new Map<string, string>()

/** A project by somebody else, with hostile names in its secrets file, and tako on the PATH. */
const foreign = async () => {
  const sandbox = await makeSandbox()
  sandbox.writeFile(file)
  const programs = Path.join(sandbox.folder, "bin")
  Fs.mkdirSync(programs)
  Fs.symlinkSync(bin, Path.join(programs, "tako"))
  for (const [shell, text] of scripts) Fs.writeFileSync(Path.join(sandbox.folder, `tako.${shell}`), text)
  Fs.writeFileSync(Path.join(sandbox.project, "other.toml"), "")
  onTestFinished(() => assert.notInclude(Fs.readdirSync(sandbox.project), "pwned"))
  const environment = {
    ...sandbox.variables,
    PATH: `${programs}:${Path.dirname(process.execPath)}:${process.env.PATH}`,
    TERM: "xterm",
    LC_ALL: "C.UTF-8"
  }
  return { ...sandbox, environment }
}

beforeAll(() => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const home = { ...process.env, TAKO_HOME: "relative: no compiled code" }
    scripts.set(
      shell,
      execFileSync(process.execPath, [bin, "completions", shell], { encoding: "utf8", env: home })
    )
  }
})

const lines: ReadonlyArray<readonly [typed: string, added: string]> = [
  ["tako sec", "rets"],
  ["tako secrets key rot", "ate"],
  ["tako secrets get DATAB", "ASE_URL"],
  ["tako secrets get -e staging ", "ONLY_IN_STAGING"],
  ["tako secrets ls --env pro", "duction"],
  ["tako secrets ls --env=sta", "ging"],
  ["tako secrets ls --js", "on"],
  ["tako -c oth", "er.toml"],
  ["tako secrets ls --config=oth", "er.toml"],
  ["tako run --env staging -- whoa", "mi"],
  ["tako run cat oth", "er.toml"]
]

describe.skipIf(!needs("python3") || !needs("bash"))("in bash", () => {
  it("Tab completes commands, flags, names, files and programs, and starts nothing", async () => {
    const { folder, project, environment } = await foreign()
    await play({
      command: ["bash", "--norc", "--noprofile", "-i"],
      directory: project,
      environment: { ...environment, PS1: "ready> " },
      columns: 200,
      steps: [
        wait("ready> "),
        send(`bind "set enable-bracketed-paste off"; source ${folder}/tako.bash; echo so""urced\r`),
        wait("sourced"),
        ...lines.flatMap(([typed, added]) => completes(typed, added)),
        send("exit\r")
      ]
    })
  })
})

describe.skipIf(!needs("python3") || !needs("zsh"))("in zsh", () => {
  it("Tab completes commands, flags, names, files and programs, and starts nothing", async () => {
    const { folder, project, environment } = await foreign()
    Fs.mkdirSync(Path.join(folder, "functions"))
    Fs.copyFileSync(Path.join(folder, "tako.zsh"), Path.join(folder, "functions", "_tako"))
    await play({
      command: ["zsh", "-f", "-i"],
      directory: project,
      environment: { ...environment, PROMPT: "ready> " },
      columns: 200,
      steps: [
        wait("ready> "),
        send(
          `unsetopt zle_bracketed_paste; fpath+=(${folder}/functions); autoload -U compinit; compinit -u -D; echo so""urced\r`
        ),
        wait("sourced"),
        ...lines.flatMap(([typed, added]) => completes(typed, added)),
        send("exit\r")
      ]
    })
  })
})

describe.skipIf(!needs("fish"))("in fish", () => {
  it("complete -C offers commands, flags, names, files and programs, and runs nothing", async () => {
    const { folder, project, environment } = await foreign()
    const script = [
      `source ${folder}/tako.fish`,
      ...lines.map(([typed]) => `echo ">"; complete -C '${typed}'`),
      `echo ">"; complete -C 'tako secrets ls --env '`,
      `echo ">"; complete -C 'tako secrets rm '`
    ].join("\n")
    const output = execFileSync("fish", ["--no-config", "-c", script], {
      cwd: project,
      env: environment,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"]
    })
    const answers = output
      .split(">\n")
      .slice(1)
      .map((answer) => answer.trimEnd().split("\n"))
    const words = answers.map((answer) => answer.map((line) => line.split("\t")[0]))
    for (const [index, [typed, added]] of lines.entries()) {
      const last = typed.slice(typed.lastIndexOf(" ") + 1)
      assert.include(words[index] ?? [], last + added, typed)
    }
    assert.deepStrictEqual(words.slice(-2), [
      ["production", "staging"],
      ["DATABASE_URL", "ONLY_IN_STAGING", "STRIPE_KEY"]
    ])
    assert.include(answers[0]?.[0], "Manage the secrets of this project")
  })
})
