import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { FileFailed } from "../../../src/domain/errors/files.ts"
import { Declined, Interrupted, Usage } from "../../../src/domain/errors/user.ts"
import { type GroupTree, group, leaf } from "../../../src/main/cli/command.ts"
import { type CommandContext, Globals, globalFlags, Style } from "../../../src/main/cli/context.ts"
import { type CliInput, runCli } from "../../../src/main/cli/run-cli.ts"
import type { TakoError } from "../../../src/main/exit-code.ts"
import { Signals } from "../../../src/services/signals/signals.ts"
import { Stdio } from "../../../src/services/stdio/stdio.ts"
import * as FastCheck from "../../support/fast-check.ts"
import { root } from "./sample.ts"

const streams = (terminal: boolean) => {
  const printed = { out: "", err: "" }
  const layer = Layer.merge(
    Layer.succeed(Stdio, {
      stdinIsTerminal: terminal,
      stdoutIsTerminal: terminal,
      stderrIsTerminal: terminal,
      readStdin: Effect.succeed(Redacted.make("")),
      out: (text) =>
        Effect.sync(() => {
          printed.out += text
        }),
      say: (line) =>
        Effect.sync(() => {
          printed.err += `${line}\n`
        })
    }),
    Layer.succeed(Signals, { handle: () => Effect.void, terminateWith: () => Effect.never })
  )
  return { printed, layer }
}

interface Settings extends Partial<Omit<CliInput, "argv">> {
  readonly terminal?: boolean
}

const runTree = <E extends TakoError>(
  tree: GroupTree<CommandContext, E>,
  argv: ReadonlyArray<string>,
  { terminal = false, ...settings }: Settings = {},
  services: Layer.Layer<never, TakoError, CommandContext> = Layer.empty
) => {
  const { layer, printed } = streams(terminal)
  return runCli(tree, services, {
    argv,
    environment: {},
    columns: () => undefined,
    version: "1.2.3",
    ...settings
  }).pipe(
    Effect.map((code) => ({ ...printed, code })),
    Effect.provide(layer)
  )
}

const run = (line: string, settings?: Settings) => runTree(root, line === "" ? [] : line.split(" "), settings)

/** Runs `tako do`, a command with this handler. */
const doing = <R, E extends TakoError>(
  // biome-ignore lint/suspicious/noConfusingVoidType: handlers may return nothing
  effect: Effect.Effect<number | void, E, R>
): GroupTree<R, E> =>
  group("tako", { summary: "all", flags: globalFlags }, [
    leaf("do", { summary: "Do", example: "tako do" }, () => effect)
  ])

describe("runCli", () => {
  it.effect("passes each command what was typed for it", () =>
    Effect.gen(function* () {
      const lines: ReadonlyArray<readonly [string, number, unknown]> = [
        [
          "secrets add A -e dev --sync",
          0,
          ["set", { name: "A", environment: "dev", allowEmpty: false, sync: true }]
        ],
        ["secrets rm --yes A --all-envs", 0, ["rm", { name: "A", environment: null, yes: true, all: true }]],
        ["secrets ls --json", 0, ["ls", { pattern: null, environment: null, json: true }]],
        ["secrets ls set", 0, ["ls", { pattern: "set", environment: null, json: false }]],
        ["secrets -c key key derive -e ls", 0, ["derive", { environment: "ls" }]],
        ["secrets get run -e=secrets", 0, ["get", { name: "run", environment: "secrets", json: false }]],
        ["run node -e x", 7, ["run", { command: ["node", "-e", "x"], environment: null, asEnv: false }]],
        ["run ls --help", 7, ["run", { command: ["ls", "--help"], environment: null, asEnv: false }]],
        ["dev -- --wizard -h", 0, ["dev", { command: ["--wizard", "-h"] }]],
        ["secrets get -- --help", 0, ["get", { name: "--help", environment: null, json: false }]],
        [
          "secrets get -- --completions=sh",
          0,
          ["get", { name: "--completions=sh", environment: null, json: false }]
        ]
      ]
      for (const [line, code, expected] of lines) {
        const result = yield* run(line)
        assert.deepStrictEqual(
          { ...result, out: JSON.parse(result.out) },
          { out: expected, err: "", code },
          line
        )
      }
    })
  )

  it.effect.prop(
    "passes words and values through @effect/cli unchanged",
    [
      FastCheck.string({ unit: "binary", minLength: 1 }),
      FastCheck.array(FastCheck.string({ unit: "binary" }))
    ],
    ([word, behind]) =>
      Effect.gen(function* () {
        const ran = yield* runTree(root, ["run", `--env=${word}`, "--", word, ...behind])
        const input = { command: [word, ...behind], environment: word, asEnv: false }
        assert.deepStrictEqual(JSON.parse(ran.out), JSON.parse(JSON.stringify(["run", input])))
      })
  )

  it.effect("passes on unchanged what @effect/cli would trim, split or interpret", () =>
    Effect.gen(function* () {
      const words = [
        " a ",
        "a\nb",
        "\r",
        "\u2028",
        "a\u2029b",
        "=",
        "a=b",
        '"',
        "--help",
        "-h",
        "--",
        "\ud800",
        "true"
      ]
      for (const word of words) {
        const { out } = yield* runTree(root, ["secrets", "get", `--env=${word}`, "--", word])
        assert.deepStrictEqual(JSON.parse(out), ["get", { name: word, environment: word, json: false }])
      }
    })
  )

  it.effect("passes on thousands of words", () =>
    Effect.gen(function* () {
      const behind = Array.from({ length: 100_000 }, (_, i) => `--${i}`)
      const ran = yield* runTree(root, ["run", "x", ...behind])
      assert.strictEqual(JSON.parse(ran.out)[1].command.length, 100_001)
    })
  )

  it.effect("reports an error once, on stderr, with its exit code", () =>
    Effect.gen(function* () {
      const usage = yield* run("secrets set --env --yes")
      assert.deepStrictEqual(usage, {
        out: "",
        err: 'error: --env needs a value.\nWrite --env NAME (a value that begins with "-": --env=NAME)\n',
        code: 2
      })
      const key = yield* run("secrets key derive")
      assert.strictEqual(key.code, 3)
      assert.strictEqual(key.out, "")
      assert.match(key.err, /^error: There is no key for environment production here\.\n/)
      assert.strictEqual(key.err.split("error:").length, 2)
      const path = "/tmp/\u001b[2J\u202e"
      const file = yield* runTree(doing(new FileFailed({ operation: "read", path, code: "EACCES" })), ["do"])
      assert.strictEqual(
        file.err,
        "error: Could not read /tmp/\uFFFD[2J\uFFFD: permission denied (EACCES).\n"
      )
      assert.strictEqual(file.code, 1)
    })
  )

  it.effect("reports data that could not be written, help included", () =>
    Effect.gen(function* () {
      const { layer, printed } = streams(false)
      const full = Layer.effect(
        Stdio,
        Effect.map(Stdio, (stdio) => ({
          ...stdio,
          out: () => Effect.die(new FileFailed({ operation: "write to", path: "stdout", code: "ENOSPC" }))
        }))
      ).pipe(Layer.provideMerge(layer))
      for (const argv of [["--help"], ["--version"], ["secrets", "ls"]]) {
        printed.err = ""
        const code = yield* runCli(root, Layer.empty, {
          argv,
          environment: {},
          columns: () => 80,
          version: "1.2.3"
        }).pipe(Effect.provide(full))
        assert.strictEqual(code, 1)
        assert.match(printed.err, /^error: Could not write to stdout: the disk is full \(ENOSPC\)\.\n$/)
      }
    })
  )

  it.effect("reports no error if the user stopped the command", () =>
    Effect.gen(function* () {
      const stopped = yield* runTree(doing(new Interrupted()), ["do"])
      assert.deepStrictEqual(stopped, { out: "", err: "Interrupted. Nothing was changed.\n", code: 130 })
      const declined = yield* runTree(doing(new Declined()), ["do"])
      assert.deepStrictEqual(declined, { out: "", err: "Nothing was changed.\n", code: 1 })
    })
  )

  it.effect("never offers --wizard, --completions or --log-level of @effect/cli", () =>
    Effect.gen(function* () {
      for (const line of [
        "--wizard",
        "secrets set --wizard",
        "--completions bash",
        "secrets ls --log-level=debug"
      ]) {
        const { out, err, code } = yield* run(line)
        assert.deepStrictEqual([out, code], ["", 2], line)
        assert.match(err, /^error: tako.* has no flag --[a-z-]+\.\nSee: tako.* --help\n$/, line)
      }
    })
  )

  it.effect("prints help and version as data, but help for an incomplete command on stderr", () =>
    Effect.gen(function* () {
      const bare = yield* run("")
      assert.deepStrictEqual([bare.err, bare.code], ["", 0])
      assert.match(bare.out, /^Secrets without \.env files\n\nUsage: tako COMMAND/)
      assert.deepStrictEqual(yield* run("--help"), bare)
      assert.deepStrictEqual(yield* run("help"), bare)
      const incomplete = yield* run("secrets")
      assert.deepStrictEqual([incomplete.out, incomplete.code], ["", 2])
      assert.deepStrictEqual(yield* run("secrets -h"), { out: incomplete.err, err: "", code: 0 })
      assert.deepStrictEqual(yield* run("--version"), { out: "tako 1.2.3\n", err: "", code: 0 })
      const narrow = yield* run("help secrets set", { columns: () => 40 })
      assert.isTrue(narrow.out.split("\n").some((line) => line === "The value is asked for without echo, or"))
    })
  )

  it.effect("prints in colour on a terminal that supports it", () =>
    Effect.gen(function* () {
      const red = "\u001b[1m\u001b[31merror:\u001b[39m\u001b[22m "
      assert.isTrue((yield* run("secretz", { terminal: true })).err.startsWith(red))
      assert.isTrue((yield* run("secretz --no-color", { terminal: true })).err.startsWith("error: "))
      assert.isTrue((yield* run("-h --no-color", { terminal: true })).out.startsWith("Secrets"))
      assert.isTrue((yield* run("-h", { terminal: true })).out.includes("\u001b[1mUsage:"))
      assert.isTrue(
        (yield* run("secretz", { environment: { NO_COLOR: "1" }, terminal: true })).err.startsWith("error")
      )
      const shout = doing(
        Effect.flatMap(Style, ({ err }) => new Usage({ problem: err.red("x") === "x" ? "plain" : "red" }))
      )
      assert.match((yield* runTree(shout, ["do"], { terminal: true })).err, /red/)
      assert.match((yield* runTree(shout, ["do", "--no-color"], { terminal: true })).err, /plain/)
    })
  )

  it.effect("prints neither the message nor the stack trace of a bug", () =>
    Effect.gen(function* () {
      const hidden = "hunter2\n    at secret (/hunter2.ts:1:1)"
      const bugs: ReadonlyArray<unknown> = [
        new TypeError(hidden),
        Object.assign(new Error(hidden), { code: "hunter2" }),
        Object.assign(new Error("x"), { message: hidden }),
        Object.assign(new Error(hidden), { message: "" }),
        Object.assign(new Error("x"), { stack: hidden }),
        hidden,
        { _tag: hidden, [hidden]: hidden },
        Object.create(null)
      ]
      for (const bug of bugs) {
        const { out, err, code } = yield* runTree(doing(Effect.die(bug)), ["do"])
        assert.deepStrictEqual([out, code], ["", 1])
        assert.match(err, /^error: This is a bug in tako \(.+\)\.\nPlease report it/)
        assert.notMatch(err, /hunter2/)
      }
      const thrown = doing(
        Effect.sync((): void => {
          throw Object.assign(new RangeError("hunter2"), { code: "ERR_OUT_OF_RANGE" })
        })
      )
      assert.match(
        (yield* runTree(thrown, ["do"])).err,
        /\(RangeError ERR_OUT_OF_RANGE at run-cli\.test\.ts:\d+:\d+\)/
      )
      const unknown = doing(Effect.fail(new Error("hunter2")) as unknown as Effect.Effect<void>)
      assert.match((yield* runTree(unknown, ["do"])).err, /^error: This is a bug in tako \(Error at /)
    })
  )

  it.effect("builds the services only for a command, with the global flags available", () =>
    Effect.gen(function* () {
      const configs: Array<string | null> = []
      const services = Layer.effectDiscard(
        Effect.map(Globals, ({ config }) => void configs.push(Option.getOrNull(config)))
      )
      for (const line of ["--help", "--version", "secrets", "secretz", "secrets ls -c x.toml"]) {
        yield* runTree(root, line.split(" "), {}, services)
      }
      assert.deepStrictEqual(configs, ["x.toml"])
      const broken = Layer.effectDiscard(new Usage({ problem: "no such project" }))
      assert.deepStrictEqual(yield* runTree(root, ["secrets", "ls"], {}, broken), {
        out: "",
        err: "error: no such project\n",
        code: 2
      })
    })
  )

  it.effect("propagates an interruption after the command has cleaned up", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      const order: Array<string> = []
      const waiting = doing(
        Effect.zipRight(Deferred.succeed(started, undefined), Effect.never).pipe(
          Effect.onInterrupt(() => Effect.sync(() => order.push("cleaned up")))
        )
      )
      const fiber = yield* Effect.fork(runTree(waiting, ["do"]))
      yield* Deferred.await(started)
      const exit = yield* Fiber.interrupt(fiber)
      assert.strictEqual(exit._tag, "Failure")
      assert.deepStrictEqual(order, ["cleaned up"])
    })
  )
})
