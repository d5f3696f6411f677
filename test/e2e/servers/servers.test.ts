import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { contractHandler } from "../../../src/services/transport/contract.ts"
import { serve } from "../../services/transport/ssh/reach.ts"
import { bin, makeSandbox } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"
import * as Pty from "../../support/pty.ts"
import { sshd } from "../../support/sshd.ts"

/** A person with an ssh configuration of their own, and one server. */
const world = Effect.gen(function* () {
  const server = yield* sshd()
  const { socket } = yield* serve(server, contractHandler)
  Fs.writeFileSync(server.knownHosts, "")
  const sandbox = yield* Effect.promise(() => makeSandbox())
  const programs = Path.join(sandbox.folder, "programs")
  Fs.mkdirSync(programs)
  const ssh = Path.join(programs, "ssh")
  const argvs = Path.join(sandbox.folder, "argvs")
  Fs.writeFileSync(
    ssh,
    `#!/bin/sh\nprintf '%s\\n' "$*" >> ${argvs}\nenv | grep ^TAKO >> ${argvs}\nexec /usr/bin/ssh -F ${server.config} "$@"\n`,
    { mode: 0o755 }
  )
  const variables = { ...sandbox.variables, PATH: `${programs}:${sandbox.variables.PATH}` }
  const tako = (...args: ReadonlyArray<string>) =>
    Effect.promise(() =>
      sandbox.tako(args, { variables: { ...variables, TAKO_SSH_KEY_PASSPHRASE: "canary" } })
    )
  return { server, socket, sandbox, variables, tako, argvs }
})

describe.skipIf(!needs("sshd"))("tako servers", () => {
  it.scopedLive("a script adds a server with a known host key, checks that it answers, and removes it", () =>
    Effect.gen(function* () {
      const { server, socket, tako, argvs } = yield* world
      const unknown = yield* tako("servers", "add", "la", "la.example", "--socket", socket)
      assert.strictEqual(unknown.code, 2)
      const [fingerprint = ""] = /SHA256:[A-Za-z0-9+/]{43}/.exec(unknown.stderr) ?? []
      assert.notStrictEqual(fingerprint, "")
      assert.strictEqual(Fs.readFileSync(server.knownHosts, "utf8"), "")

      const added = yield* tako(
        "servers",
        "add",
        "la",
        "la.example",
        "--socket",
        socket,
        "--host-key",
        fingerprint
      )
      assert.deepInclude(added, { code: 0, stdout: "", stderr: "Added server la: tako-server 1 answers\n" })
      assert.match(
        Fs.readFileSync(server.knownHosts, "utf8"),
        /^\[127\.0\.0\.1\]:\d+ ssh-ed25519 [A-Za-z0-9+/]+\n$/
      )

      yield* tako("servers", "add", "down", "ssh://127.0.0.1:1", "--no-check")
      const status = yield* tako("servers", "status", "--json")
      assert.strictEqual(status.code, 5)
      const [la, down] = JSON.parse(status.stdout).servers
      assert.deepInclude(la, { name: "la", host: "la.example", port: null, state: "answers", version: "1" })
      assert.deepInclude(down, {
        name: "down",
        port: 1,
        state: "failed",
        stage: "connect",
        reason: "ECONNREFUSED"
      })

      yield* tako("servers", "add", "also", "ssh://127.0.0.1:1", "--no-check")
      const shown = yield* tako("servers", "status", "down", "also", "local")
      assert.match(shown.stdout, /\nlocal +this machine +unreachable/)
      assert.include(shown.stderr, "error: Server down failed while connecting")
      assert.include(shown.stderr, "The same on: also\n\nerror: Server local failed while connecting")

      const removed = yield* tako("servers", "rm", "down")
      yield* tako("servers", "rm", "also")
      assert.strictEqual(removed.code, 0)
      const ls = yield* tako("servers", "ls")
      assert.deepInclude(ls, {
        code: 0,
        stdout: `SERVER   HOST         SOCKET\nla       la.example   ${socket}\n`
      })

      assert.notInclude(Fs.readFileSync(argvs, "utf8"), "canary")
    })
  )

  it.scopedLive("text that could be an option never reaches ssh", () =>
    Effect.gen(function* () {
      const { tako, argvs } = yield* world
      for (const args of [
        ["x", "--", "-oProxyCommand=touch /tmp/owned"],
        ["x", "la", "--user=-oProxyCommand=id"],
        ["x", "la", "--socket=/s\n-o"]
      ]) {
        const { code } = yield* tako("servers", "add", ...args)
        assert.strictEqual(code, 2, args.join(" "))
      }
      assert.isFalse(Fs.existsSync(argvs))
    })
  )

  it.scopedLive.skipIf(!needs("python3"))("a person compares the fingerprint, and says yes", () =>
    Effect.gen(function* () {
      const { server, socket, sandbox, variables } = yield* world
      const play = (answer: string, end: string) =>
        Effect.promise(() =>
          Pty.play({
            command: [process.execPath, bin, "servers", "add", "la", "la.example", "--socket", socket],
            directory: sandbox.project,
            environment: { ...variables, TERM: "xterm-256color" },
            steps: [
              Pty.wait("is not known:"),
              Pty.wait("ssh-ed25519 SHA256:"),
              Pty.wait("Do they match?"),
              Pty.send(answer),
              Pty.wait(end),
              Pty.exit
            ],
            timeoutSeconds: 40
          })
        )
      const no = yield* play("\r", "Nothing was changed.")
      assert.deepStrictEqual(no.exit, { code: 1 })
      assert.strictEqual(Fs.readFileSync(server.knownHosts, "utf8"), "")
      const yes = yield* play("yes\r", "Added server la: tako-server 1 answers")
      assert.deepStrictEqual(yes.exit, { code: 0 })
      assert.include(yes.output, `Added to ${server.knownHosts}`)
      assert.isTrue(yes.restored)
    })
  )
})
