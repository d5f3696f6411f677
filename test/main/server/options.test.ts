import { assert, describe, it } from "vitest"
import { parse, help as renderHelp } from "../../../src/main/server/options.ts"

const help = renderHelp()

const run = (args: ReadonlyArray<string>, isRoot = true) => {
  const asked = parse(args, isRoot)
  if (asked._tag !== "Run") throw new Error(asked._tag === "Usage" ? asked.message : asked._tag)
  return asked.options
}

const refusal = (...args: ReadonlyArray<string>): string => {
  const asked = parse(args, true)
  return asked._tag === "Usage" ? asked.message : asked._tag
}

describe("tako-server's command line", () => {
  it("defaults to the paths of a systemd service", () => {
    assert.deepStrictEqual(run([]), {
      data: "/var/lib/tako",
      socket: "/run/tako/tako.sock",
      group: undefined,
      memoryOnly: false,
      keyFile: "/var/lib/tako.key",
      ids: { from: 70_000, to: 79_999 },
      window: 3000,
      startWithin: 60_000
    })
  })

  it("sets every option", () => {
    const args = ["--data-dir", "/srv/t", "--socket=/run/s", "--socket-group", "12", "--memory-only"]
    const more = ["--key-file", "/etc/k", "--uids", "90000-90009", "--window", "0.5", "--start-within", "5"]
    assert.deepStrictEqual(run([...args, ...more]), {
      data: "/srv/t",
      socket: "/run/s",
      group: 12,
      memoryOnly: true,
      keyFile: "/etc/k",
      ids: { from: 90_000, to: 90_009 },
      window: 500,
      startWithin: 5000
    })
    assert.strictEqual(run(["--socket-group", "root"]).group, 0)
  })

  it("uses the last of a repeated flag, so that a unit's command line can be appended to", () => {
    const { window, memoryOnly } = run(["--window", "3", "--memory-only", "--window=9", "--memory-only"])
    assert.deepStrictEqual({ window, memoryOnly }, { window: 9000, memoryOnly: true })
  })

  it("gives apps their own users only as root, and not with --uids none", () => {
    assert.isUndefined(run([], false).ids)
    assert.isUndefined(run(["--uids", "none"]).ids)
  })

  it("is refused with a reason that does not quote it", () => {
    assert.include(refusal("--sockett", "/x"), "Did you mean --socket?")
    assert.include(refusal("--socket"), "--socket needs a value")
    assert.include(refusal("--memory-only=yes"), "--memory-only takes no value")
    assert.notInclude(refusal("--password=c4nary"), "c4nary")
    assert.notInclude(refusal("c4nary"), "c4nary")
    assert.include(refusal("--socket-group", "nobody-has-this-name"), "no such group")
    for (const range of ["0-5", "9-8", "5", "1-4294967294", "a-b", "-1-5"]) {
      assert.include(refusal(`--uids=${range}`), "--uids takes a range")
    }
    for (const seconds of ["0", "-1", "3601", "soon", "1e3"]) {
      assert.include(refusal(`--window=${seconds}`), "take seconds")
    }
    assert.include(refusal("--window="), "--window needs a value")
  })

  it("has every option in its help", () => {
    const flags = [
      "data-dir",
      "socket",
      "socket-group",
      "memory-only",
      "key-file",
      "uids",
      "window",
      "start-within"
    ]
    for (const flag of [...flags, "help", "version"]) {
      assert.match(help, new RegExp(`^  (?:-[hV], |    )--${flag} `, "m"))
    }
    assert.isTrue(help.split("\n").every((line) => line.length <= 80))
    assert.strictEqual(parse(["-h"], true)._tag, "Help")
    for (const flag of ["--version", "-V"]) assert.strictEqual(parse([flag], true)._tag, "Version")
    assert.strictEqual(parse(["unit"], true)._tag, "Unit")
    assert.strictEqual(parse(["unit", "more"], true)._tag, "Usage")
  })
})
