import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { noKey, wrongUsage } from "../../../src/main/exit-code.ts"
import { unit } from "../../../src/main/server/unit.ts"
import { credentialName } from "../../../src/services/server-key/layer.ts"
import { needs } from "../../support/needs.ts"

describe("the unit that tako-server prints", () => {
  it("keeps secrets out of core dumps, and its key out of files", () => {
    const lines = unit(["/usr/bin/node", "/opt/tako/tako-server.cjs"]).split("\n")
    assert.include(lines, "LimitCORE=0")
    assert.include(
      lines,
      `LoadCredentialEncrypted=${credentialName}:/etc/credstore.encrypted/${credentialName}`
    )
    assert.include(
      lines,
      "ExecStart=/usr/bin/node /opt/tako/tako-server.cjs --data-dir /var/lib/tako --socket /run/tako/tako.sock"
    )
  })

  it("counts as started once the socket exists, the server is gone, or waiting is useless", async () => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-unit-"))
    onTestFinished(() => Fs.rmSync(folder, { recursive: true }))
    const socket = Path.join(folder, "tako.sock")
    const [, line] = /^ExecStartPost=-\/bin\/sh -c '(.*)'$/m.exec(unit(["/usr/bin/node"])) ?? []
    const script = line?.replaceAll("$$", "$").replace("/run/tako/tako.sock", socket) ?? ""
    const main = spawn("sleep", ["60"])
    onTestFinished(() => void main.kill())
    const started = (text = script) => {
      const env = { ...process.env, MAINPID: `${main.pid}` }
      const wait = spawn("/bin/sh", ["-c", text], { env, stdio: ["ignore", "ignore", "pipe"] })
      let stderr = ""
      wait.stderr.setEncoding("utf8").on("data", (chunk: string) => {
        stderr += chunk
      })
      return { wait, end: once(wait, "close").then(([code]) => ({ code, stderr })) }
    }
    const first = started()
    const server = Net.createServer().listen(socket)
    onTestFinished(() => void server.close())
    await once(server, "listening")
    assert.deepStrictEqual(await first.end, { code: 0, stderr: "" })
    server.close()
    await once(server, "close")
    assert.deepStrictEqual(await started(script.replace("sleep 0.1", "sleep 0")).end, { code: 0, stderr: "" })
    const second = started()
    assert.strictEqual(second.wait.exitCode, null)
    main.kill()
    assert.deepStrictEqual(await second.end, { code: 0, stderr: "" })
  })

  it("does not restart if only other options or another key can help", () => {
    const [, codes] = /^RestartPreventExitStatus=(.*)$/m.exec(unit(["/usr/bin/node"])) ?? []
    assert.strictEqual(codes, `${wrongUsage} ${noKey}`)
  })

  it("lets apps list the machine's addresses", () => {
    assert.match(unit(["/usr/bin/node"]), /^RestrictAddressFamilies=.*\bAF_NETLINK\b/m)
  })

  it("creates the key's folder before the key", () => {
    const text = unit(["/usr/bin/node"])
    assert.isBelow(
      text.indexOf("install -d -m 0700 /etc/credstore.encrypted"),
      text.indexOf("systemd-creds encrypt")
    )
  })

  it("starts this program, whatever its path", () => {
    assert.include(unit(["/o n/100%", '/$HOME/"q"']), 'ExecStart="/o n/100%%" "/$$HOME/\\"q\\""')
  })

  it.skipIf(!needs("systemd-analyze"))("passes systemd-analyze verify", () => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-unit-"))
    onTestFinished(() => Fs.rmSync(folder, { recursive: true }))
    const file = Path.join(folder, "tako-server.service")
    Fs.writeFileSync(file, unit([process.execPath, import.meta.filename]))
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" })
    assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" })
  })
})
