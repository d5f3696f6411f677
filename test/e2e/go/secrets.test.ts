import * as Path from "node:path"
import { assert, beforeAll, describe, it } from "vitest"
import { sandboxWith } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"
import {
  app,
  check,
  envelopeOf,
  type Given,
  go,
  makeFolder,
  start,
  template,
  withNames,
  writeModule
} from "./program.ts"

describe.skipIf(!needs("go"))("tako_secrets.go", () => {
  const module = makeFolder()
  const program = Path.join(module, "app")

  beforeAll(async () => {
    writeModule(module, { "main.go": app, "tako_secrets.go": template })
    assert.deepInclude(await go(module, "build", "-o", program, "."), { code: 0, stderr: "" })
  })

  const run = (mode: string, given?: Given) => start([program, mode], given)

  describe("as code", () => {
    it("passes go vet and gofmt, and is marked as generated (go.dev/s/generatedcode)", async () => {
      assert.deepInclude(await go(module, "vet", "."), { code: 0, stderr: "" })
      assert.deepInclude(await start(["gofmt", "-l", module]), { code: 0, stdout: "" })
      assert.match(template, /^\/\/ Code generated .* DO NOT EDIT\.$/m)
      assert.include(await start(["gofmt", "-d", module]).then(({ stdout }) => `[${stdout}]`), "[]")
    })

    it("does not compile with an accessor that no secret has", async () => {
      const misspelt = writeModule(makeFolder(), {
        "main.go": app.replaceAll("Secrets.DatabaseUrl", "Secrets.DatabaseUlr"),
        "tako_secrets.go": template
      })
      const { code, stderr } = await go(misspelt, "build", "-o", "/dev/null", ".")
      assert.notStrictEqual(code, 0)
      assert.match(stderr, /Secrets\.DatabaseUlr undefined/)
    })

    it("compiles for the platforms on which tako itself does not run", async () => {
      const checker = writeModule(makeFolder(), { "main.go": check })
      assert.deepInclude(await go(checker, "build", "-o", "check", "."), { code: 0, stderr: "" })
      const path = Path.join(module, "tako_secrets.go")
      const { stdout } = await start([Path.join(checker, "check"), path, "windows/amd64", "darwin/arm64"])
      assert.strictEqual(stdout, "windows/amd64 <nil>\ndarwin/arm64 <nil>\n")
    })

    it("allows secrets with the names of its own methods, and prints none of them", async () => {
      const folder = writeModule(makeFolder(), {
        "main.go": [
          'package main\n\nimport (\n\t"encoding/json"\n\t"fmt"\n)\n\nfunc main() {',
          "\tfmt.Println(Secrets.String() + Secrets.GoString() + Secrets.Format() + Secrets.MarshalText())",
          '\tfmt.Printf("%v %+v %#v %s %q %x %d %p\\n", Secrets, Secrets, Secrets, Secrets, Secrets, Secrets, &Secrets, &Secrets)',
          "\tfmt.Println(json.Marshal(Secrets))\n}\n"
        ].join("\n"),
        "tako_secrets.go": withNames({
          STRING: "String",
          GO_STRING: "GoString",
          FORMAT: "Format",
          MARSHAL_TEXT: "MarshalText"
        })
      })
      const built = await go(folder, "build", "-o", "named", ".")
      assert.deepInclude(built, { code: 0, stderr: "" })
      const envelope = envelopeOf({ STRING: "can", GO_STRING: "ary", FORMAT: "-of-", MARSHAL_TEXT: "four" })
      const { stdout } = await start([Path.join(folder, "named")], { envelope })
      const [values, ...printed] = stdout.split("\n")
      assert.strictEqual(values, "canary-of-four")
      assert.notMatch(printed.join("\n"), /can|ary|-of-|four/)
    })

    it("serves 64 goroutines at once under the race detector", async () => {
      const raced = Path.join(module, "raced")
      assert.deepInclude(await go(module, "build", "-race", "-o", raced, "."), { code: 0, stderr: "" })
      assert.deepInclude(await start([raced, "goroutines"]), { code: 0, stdout: "64\n", stderr: "" })
    })
  })

  describe("when it is printed", () => {
    it("shows no value: every verb of fmt, json, xml and gob, alone, in structs, slices and maps", async () => {
      const { code, stdout, stderr } = await run("redaction")
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.notInclude(stdout, "canary")
      for (const hex of ["63616e617279", "63616E617279"]) assert.notInclude(stdout, hex)
      for (const verb of ["v", "+v", "#v", "s", "q", "x", "X", "d", "10s"]) {
        for (const whole of [0, 1]) assert.include(stdout, `${whole} ${verb} [REDACTED]\n`)
        const lines = stdout.split("\n")
        for (const within of [2, 3, 4]) {
          assert.include(lines.find((line) => line.startsWith(`${within} ${verb} `)) ?? "", "[REDACTED]")
        }
      }
      for (const whole of [0, 1]) assert.include(stdout, `json ${whole} "[REDACTED]" <nil>`)
      assert.include(stdout, 'json 4 {"S":"[REDACTED]"} <nil>')
      assert.include(stdout, "concatenated [REDACTED]")
      assert.match(stdout, /^xml 0 .*\[REDACTED\]/m)
      assert.match(stdout, /gob: type main\.takoSecrets has no exported fields$/m)
    })

    it("has nothing for reflection to find", async () => {
      const { stdout } = await run("walk")
      assert.include(stdout, "func")
      assert.notInclude(stdout, "canary")
    })
  })

  describe("reading", () => {
    it("gives the bytes that were set", async () => {
      const value = ' a,b\n"quoted" \\ é \u{1f419} \u0000 \u2028 <&> '
      const { stdout } = await run("print", { envelope: envelopeOf({ DATABASE_URL: value }) })
      assert.strictEqual(stdout, value)
      const empty = await run("size", { envelope: envelopeOf({ DATABASE_URL: "" }) })
      assert.strictEqual(empty.stdout, "0\n")
    })

    it("happens before package variables that use a secret are initialized", async () => {
      assert.strictEqual((await run("early")).stdout, "canary\n")
    })

    it.runIf(process.platform === "linux")("leaves no trace: variables, arguments, fd 3", async () => {
      const { stdout } = await run("traces")
      assert.notInclude(stdout, "canary")
      assert.include(stdout, "variable: false closed: true")
    })

    it.runIf(process.platform === "linux")(
      "finds the pipe in an ancestor that still has it open",
      async () => {
        // In a subshell, because dash moves its own fd 3 for a redirection without a command.
        const closing = (line: string) => `(exec 3<&-; exec ${line}); exit $?`
        const sh = (line: string) => `sh -c '${line.replaceAll("'", "'\\''")}'`
        const one = closing(`${program} size`)
        const three = closing(sh(closing(sh(one))))
        for (const line of [one, three]) {
          assert.deepInclude(await start(["sh", "-c", line]), { code: 0, stdout: "6\n", stderr: "" })
        }
        const foreign = `(exec 3</dev/null; exec ${program} size); exit $?`
        assert.deepInclude(await start(["sh", "-c", foreign]), { code: 0, stdout: "6\n", stderr: "" })
        const large = envelopeOf({ DATABASE_URL: "x".repeat(3_000_000) })
        for (const command of [
          [program, "size"],
          ["sh", "-c", three]
        ]) {
          assert.deepInclude(await start(command, { envelope: large }), { stdout: "3000000\n", stderr: "" })
        }
      }
    )

    it("works under go run and go test, which does not cache the result for a run without tako", async () => {
      assert.deepInclude(await start(["go", "run", ".", "print"], { directory: module }), {
        stdout: "canary"
      })
      const tested = writeModule(makeFolder(), {
        "tako_secrets.go": template.replace("package main", "package app"),
        "app_test.go": [
          'package app\n\nimport "testing"\n\nfunc TestSecret(t *testing.T) {',
          '\tif Secrets.DatabaseUrl() != "canary" {\n\t\tt.Fatal("another one")\n\t}\n}\n'
        ].join("\n")
      })
      assert.match((await start(["go", "test", "."], { directory: tested })).stdout, /^ok /)
      const without = await go(tested, "test", ".")
      assert.include(without.stdout, "Start it with: tako run -- go test")
    })

    it.runIf(process.platform === "linux")(
      "works again under tako dev, if the secrets fit into the pipe",
      async () => {
        const twice = ["sh", "-c", `${program} size; (exec 3<&-; exec ${program} size); exit $?`]
        const given = { variables: { TAKO_BUILD: "dev" } }
        assert.deepInclude(await start(twice, given), { code: 0, stdout: "6\n6\n", stderr: "" })
        const envelope = envelopeOf({ DATABASE_URL: "x".repeat(3_000_000) })
        const large = await start(twice, { ...given, envelope })
        assert.strictEqual(large.stdout, "3000000\n")
        assert.include(large.stderr, "another process has read it")
      }
    )

    it.runIf(process.platform === "linux")(
      "waits under tako dev for another program that has them out of the pipe just now",
      async () => {
        const line = `text=$(cat <&3); ${program} size & sleep 0.2; printf %s "$text" >/proc/$$/fd/3; wait $!`
        const given = { variables: { TAKO_BUILD: "dev" } }
        assert.deepInclude(await start(["sh", "-c", line], given), { code: 0, stdout: "6\n", stderr: "" })
      }
    )

    it("works as tako typegen writes it, under tako run", async () => {
      const values = { DATABASE_URL: "canary", STRIPE_KEY: "sk", FORMAT: "f" }
      const sandbox = await sandboxWith({ development: values, production: { ONLY_THERE: "p" } })
      const main = app.replace(
        "fmt.Print(Secrets.DatabaseUrl())",
        "fmt.Print(Secrets.Format(), Secrets.OnlyThere())"
      )
      writeModule(sandbox.project, { "main.go": main })
      assert.strictEqual((await sandbox.tako(["typegen", "--lang", "go"])).code, 0)
      assert.deepInclude(await go(sandbox.project, "vet", "."), { code: 0, stderr: "" })
      assert.deepInclude(await go(sandbox.project, "build", "-o", "app", "."), { code: 0, stderr: "" })
      assert.deepInclude(await sandbox.tako(["run", "./app", "early"]), {
        code: 0,
        stdout: "canary\n",
        stderr: ""
      })
      const missing = await sandbox.tako(["run", "./app", "print"])
      assert.match(
        missing.stderr,
        /^panic: tako: no ONLY_THERE: .*tako secrets set ONLY_THERE --env development,/
      )
    })
  })

  describe("missing secrets", () => {
    const fails = async (ended: ReturnType<typeof start>, ...sentences: ReadonlyArray<string>) => {
      const { code, stdout, stderr } = await ended
      assert.deepStrictEqual([code, stdout], [2, ""])
      for (const sentence of sentences) assert.include(stderr.split("\n")[0], sentence)
      assert.match(stderr, /^panic: tako: no [A-Z_]+: /)
      assert.notInclude(stderr, "canary")
    }
    const startsItself = `tako run -- ${program}`

    it("do not matter to a program that reads none", async () => {
      assert.strictEqual((await run("none", { names: () => undefined })).stdout, "ran\n")
      assert.strictEqual((await run("none", { envelope: "{" })).stdout, "ran\n")
      assert.strictEqual((await run("replaced", { names: () => undefined })).stdout, "from a test\n")
    })

    it("are reported: a secret that was not delivered, and where to set it", async () => {
      await fails(
        run("undelivered"),
        "no STRIPE_KEY: it was not among",
        "tako secrets set STRIPE_KEY, and start the program again"
      )
      const envelope = envelopeOf({ DATABASE_URL: "canary" }, "production")
      await fails(run("undelivered", { envelope }), "tako secrets set STRIPE_KEY --env production,")
    })

    it("are reported: no tako", async () => {
      await fails(run("print", { names: () => undefined }), "was not started by tako", startsItself)
    })

    it("are reported: another pipe on fd 3, which is not read", async () => {
      const line = `${program} print; cat <&3 >&2`
      const ended = await start(["sh", "-c", line], { names: (identity) => `${identity}0` })
      assert.match(ended.stderr, /is a pipe, but not the one that tako made/)
      assert.include(ended.stderr.split("\n").at(-1) ?? "", "canary")
    })

    it("are reported: fd 3 closed on the way", async () => {
      const line = `exec 3<&-; exec ${program} print`
      await fails(start(["sh", "-c", line]), "has closed file descriptor 3", startsItself)
      await fails(start(["sh", "-c", line], { names: () => "garbage" }), "has closed file descriptor 3")
    })

    it("are reported: already read by another process", async () => {
      const twice = await start(["sh", "-c", `${program} size; ${program} size`])
      assert.strictEqual(twice.stdout, "6\n")
      assert.match(twice.stderr, /another process has read it.*tako dev/)
    })

    it("are reported: an envelope cut off at any byte, or no envelope at all", async () => {
      const whole = envelopeOf({ DATABASE_URL: "canary" })
      for (const length of [1, 20, whole.length - 10, whole.length - 1]) {
        await fails(run("print", { envelope: whole.slice(0, length) }), "is not whole")
      }
      for (const envelope of [
        "null",
        "[]",
        '{"token":"canary"}',
        '{"secrets":{"DATABASE_URL":1}}',
        `${whole}x`
      ]) {
        await fails(run("print", { envelope }), "is not whole")
      }
    })

    it.runIf(process.platform === "linux")(
      "are reported: a second tako_secrets.go in the program",
      async () => {
        const folder = writeModule(makeFolder(), {
          "main.go":
            'package main\n\nimport "example.org/app/first"\n\nfunc main() {\n\tprintln(first.Secrets.DatabaseUrl())\n\tSecrets.DatabaseUrl()\n}\n',
          "tako_secrets.go": template,
          "first/tako_secrets.go": template.replace("package main", "package first")
        })
        assert.deepInclude(await go(folder, "build", "-o", "two", "."), { code: 0, stderr: "" })
        const { stderr } = await start([Path.join(folder, "two")])
        assert.match(stderr, /^canary\npanic: tako: no DATABASE_URL: another package of this program/)
      }
    )
  })
})
