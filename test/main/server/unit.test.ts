import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
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

  it("counts as started once there is a socket, or no server any more", async () => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-unit-"))
    onTestFinished(() => Fs.rmSync(folder, { recursive: true }))
    const socket = Path.join(folder, "tako.sock")
    const [, line] = /^ExecStartPost=\/bin\/sh -c '(.*)'$/m.exec(unit(["/usr/bin/node"])) ?? []
    const script = line?.replace("$$", "$").replace("/run/tako/tako.sock", socket) ?? ""
    const main = spawn("sleep", ["60"])
    onTestFinished(() => void main.kill())
    const started = () => {
      const wait = spawn("/bin/sh", ["-c", script], { env: { ...process.env, MAINPID: `${main.pid}` } })
      return { wait, exit: once(wait, "exit") }
    }
    const first = started()
    const server = Net.createServer().listen(socket)
    onTestFinished(() => void server.close())
    await once(server, "listening")
    assert.deepStrictEqual(await first.exit, [0, null])
    server.close()
    await once(server, "close")
    const second = started()
    assert.strictEqual(second.wait.exitCode, null)
    main.kill()
    assert.deepStrictEqual(await second.exit, [0, null])
  })

  it("lets apps ask for the addresses of the machine", () => {
    assert.match(unit(["/usr/bin/node"]), /^RestrictAddressFamilies=.*\bAF_NETLINK\b/m)
  })

  it("makes the folder of its key before the key", () => {
    const text = unit(["/usr/bin/node"])
    assert.isBelow(
      text.indexOf("install -d -m 0700 /etc/credstore.encrypted"),
      text.indexOf("systemd-creds encrypt")
    )
  })

  it("starts this very program, whatever its path", () => {
    assert.include(unit(["/o n/100%", '/$HOME/"q"']), 'ExecStart="/o n/100%%" "/$$HOME/\\"q\\""')
  })

  it.skipIf(!needs("systemd-analyze"))("is one that systemd takes", () => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-unit-"))
    onTestFinished(() => Fs.rmSync(folder, { recursive: true }))
    const file = Path.join(folder, "tako-server.service")
    Fs.writeFileSync(file, unit([process.execPath, import.meta.filename]))
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" })
    assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" })
  })
})
