import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { colouredLine, plainLine } from "../../../src/domain/app-output.ts"
import { ServerUnreachable } from "../../../src/domain/errors/server.ts"
import { follow, logs } from "../../../src/programs/apps/logs.ts"
import type { OutputStream } from "../../../src/services/process-spawner/process-spawner.ts"
import { Transport } from "../../../src/services/transport/transport.ts"
import * as FastCheck from "../../support/fast-check.ts"
import { app } from "../supervisor/world.ts"
import { unreachable } from "../sync/stage.ts"
import { served } from "./stage.ts"

/** A server with an app of two instances, whose output the test writes. */
const talking = (...given: Parameters<typeof served>) =>
  Effect.gen(function* () {
    const stage = yield* served(...given)
    const [name = "local"] = given[0] ?? []
    yield* stage.tako(`apps deploy -e production -s ${name} --directory /srv/shop`)
    const [, one, two] = yield* stage.server.started
    if (one === undefined || two === undefined) return yield* Effect.dieMessage("not two instances")
    const write = (process: typeof one, text: string, stream: OutputStream = "stdout") =>
      process.say(stream, text)
    return { ...stage, one, two, write }
  })

describe("tako logs", () => {
  it.scoped("prints the end of the instances' output: time, instance and text", () =>
    Effect.gen(function* () {
      const { tako, one, two, write } = yield* talking()
      const none = yield* tako("logs -e production")
      assert.deepInclude(none, {
        code: 0,
        stdout: "",
        stderr: "shop/production has not written anything yet.\n"
      })
      yield* write(one, "first\n\u001b[32msecond\u001b[0m\r\n")
      yield* write(two, "\u001b]0;x\u0007third\n", "stderr")
      const all = yield* tako("logs shop/production", { toml: undefined })
      assert.match(all.stdout, /^1970-\S+Z \w{8} first\n\S+Z \w{8} second\n\S+Z \w{8} third\n$/)
      const last = yield* tako("logs -e production -n 1")
      assert.match(last.stdout, /^\S+ \w{8} third\n$/)
      const [, id] = /(\w{8}) first/.exec(all.stdout) ?? []
      const ofOne = yield* tako(`logs -e production --instance ${id}`)
      assert.strictEqual(ofOne.stdout.split("\n").length, 3)
      assert.deepInclude(yield* tako("logs -e production -n 0"), { code: 0, stdout: "", stderr: "" })
      const nobody = yield* tako("logs -e production --instance gone")
      assert.include(nobody.stderr, "no output of an instance gone of shop/production")
      const { lines } = JSON.parse((yield* tako("logs -e production --json")).stdout)
      assert.deepInclude(lines[1], { server: "local", instance: id, stream: "stdout" })
      assert.strictEqual(lines[1].text, "\u001b[32msecond\u001b[0m")
    })
  )

  it.scoped("keeps colours on a terminal, and no other control sequences", () =>
    Effect.gen(function* () {
      const { tako, one, write } = yield* talking()
      yield* write(one, "\u001b[2J\u001b[31mred\u001b[H \u009b2J\u001b]52;c;eA==\u001b\\\tend\n", "stderr")
      const shown = yield* tako("logs -e production", { isTerminal: true })
      assert.match(
        shown.stdout,
        // biome-ignore lint/suspicious/noControlCharactersInRegex: only colours may be left
        /^\u001b\[2m1970-01-01 \d\d:\d\d:\d\d\u001b\[22m \u001b\[33m\w{8}\u001b\[39m \u001b\[31mred \uFFFD2J\tend\u001b\[0m\n$/
      )
      const json = yield* tako("logs -e production --json", { isTerminal: true })
      assert.notMatch(json.stdout, /(?!\n)\p{Cc}/u)
    })
  )

  it("lets only colours and tabs through, whatever an app writes", () => {
    const piece = FastCheck.oneof(
      FastCheck.constantFrom(
        "\u001b",
        "[",
        "]",
        "0;",
        "38;5;8",
        "8",
        "m",
        "H",
        "\u0007",
        "\\",
        "\u009b",
        "P"
      ),
      FastCheck.string({ unit: "binary" })
    )
    FastCheck.assert(
      FastCheck.property(FastCheck.array(piece, { maxLength: 30 }), (pieces) => {
        const line = pieces.join("").replaceAll("\n", "")
        // biome-ignore lint/suspicious/noControlCharactersInRegex: only colours may be left
        const left = colouredLine(line).replace(/\u001b\[[0-9;:]*m/g, "")
        assert.notMatch(left.replaceAll("\t", ""), /\p{Cc}|\u202e/u)
        assert.notMatch(plainLine(line).replaceAll("\t", ""), /\p{Cc}|\u202e/u)
      }),
      { numRuns: 300 }
    )
  })

  it.scoped("merges the lines of several servers in order, and names the servers", () =>
    Effect.gen(function* () {
      const { tako, one, server, write } = yield* talking(["la", "ams"])
      yield* write(one, "first\n")
      yield* server.settle("1 second")
      yield* write(one, "second\n")
      // Both names lead to the same server, so each line appears twice.
      const { stdout } = yield* tako("logs shop/production -n 3")
      assert.match(stdout, /^\S+ \w+\/\w{8} first\n\S+ la\/\w{8} second\n\S+ ams\/\w{8} second\n$/)
    })
  )
})

describe("tako logs --follow", () => {
  /** Follows the log in the background, and records the events; the server is unreachable while `isAway` is set. */
  const following = Effect.gen(function* () {
    const { server, one, write } = yield* talking()
    const state = { isAway: false }
    const reachable = Effect.suspend(() => (state.isAway ? unreachable("local", "connect") : Effect.void))
    const transport = Layer.succeed(Transport, {
      connect: () =>
        Effect.as(reachable, {
          exchange: (line) =>
            Effect.zipRight(reachable, server.line(Redacted.value(line).trimEnd())).pipe(
              Effect.map((answer) => Buffer.from(answer))
            )
        })
    })
    const events: Array<string> = []
    const record = (text: string) => Effect.sync(() => void events.push(text))
    const wanted = { app, lines: 100, instance: Option.none() }
    const target = { _tag: "Local", name: "local", socket: "/s" } as const
    yield* write(one, "before\n")
    const [found] = yield* Effect.provide(logs([target], wanted), transport)
    if (found?.outcome._tag !== "Right") return yield* Effect.dieMessage("no excerpt")
    const fiber = yield* follow(target, wanted, found.outcome.right.next, {
      lines: (lines) => Effect.forEach(lines, ({ text }) => record(text), { discard: true }),
      lost: () => record("(lost)"),
      back: record("(back)")
    }).pipe(Effect.provide(transport), server.passing, Effect.fork)
    return { server, events, fiber, state, write: (text: string) => write(one, text) }
  })

  it.scoped("prints new lines once", () =>
    Effect.gen(function* () {
      const { server, events, write } = yield* following
      for (const text of ["one\n", "two\nthree\n", "four\n"]) {
        yield* write(text)
        yield* server.settle("1 second")
      }
      assert.deepStrictEqual(events, ["one", "two", "three", "four"])
    })
  )

  it.scoped("resumes when the server is back, and misses nothing", () =>
    Effect.gen(function* () {
      const { server, events, write, state } = yield* following
      yield* write("one\n")
      yield* server.settle("1 second")
      state.isAway = true
      yield* server.settle("50 seconds")
      yield* write("meanwhile\n")
      state.isAway = false
      yield* server.settle("5 seconds")
      yield* write("two\n")
      yield* server.settle("5 seconds")
      assert.deepStrictEqual(events, ["one", "(lost)", "(back)", "meanwhile", "two"])
    })
  )

  it.scoped("ends when the server has been gone for a minute", () =>
    Effect.gen(function* () {
      const { fiber, events, server, state } = yield* following
      state.isAway = true
      yield* server.settle("58 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* server.settle("4 seconds")
      assert.instanceOf(yield* Effect.flip(Fiber.join(fiber)), ServerUnreachable)
      assert.deepStrictEqual(events, ["(lost)"])
    })
  )

  it.scoped("ends with the server's message and exit code 5 when the app is deleted", () =>
    Effect.gen(function* () {
      const { tako } = yield* talking()
      const followed = yield* Effect.fork(tako("logs -e production -f"))
      yield* tako("apps rm -e production --yes")
      const { code, stderr } = yield* Fiber.join(followed)
      assert.strictEqual(code, 5)
      assert.include(stderr, "There is no app shop/production here.")
    })
  )
})
