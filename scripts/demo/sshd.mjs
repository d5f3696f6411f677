// An sshd of the demo's own on loopback, that lets this user in with a key of its own; undefined where there is none.
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"

const program = "/usr/sbin/sshd"

/** root's sshd insists on /run/sshd, so it gets one in a mount namespace of its own. */
const namespace =
  process.getuid?.() === 0
    ? ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"', "sh"]
    : []

/** `bin` has an ssh that finds it as la.example, to be put in front of the PATH. */
export const startSshd = async (folder) => {
  const at = (name) => Path.join(folder, `ssh-${name}`)
  if (!Fs.existsSync(program)) return undefined
  try {
    for (const name of ["host", "client"]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", at(name)])
    }
  } catch {
    return undefined
  }
  Fs.writeFileSync(
    at("server"),
    `HostKey ${at("host")}
AuthorizedKeysFile ${at("client.pub")}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
`
  )
  // Each connection has an sshd of its own, as inetd does it.
  const children = new Set()
  const listener = Net.createServer({ pauseOnConnect: true }, (socket) => {
    const [command, ...args] = [...namespace, program, "-i", "-f", at("server")]
    const child = spawn(command, args, { stdio: [socket, socket, "ignore"], env: {}, detached: true })
    children.add(child)
    child.once("error", () => socket.destroy())
    child.once("exit", () => {
      children.delete(child)
      socket.destroy()
    })
    socket.on("error", () => {})
  }).listen(0, "127.0.0.1")
  await once(listener, "listening")
  const { port } = listener.address()
  Fs.writeFileSync(
    at("config"),
    `Host *
  HostName 127.0.0.1
  Port ${port}
  User ${Os.userInfo().username}
  IdentityFile ${at("client")}
  IdentityAgent none
  IdentitiesOnly yes
  UserKnownHostsFile ${at("known-hosts")}
  GlobalKnownHostsFile none
`
  )
  const bin = at("bin")
  Fs.mkdirSync(bin)
  const real = execFileSync("sh", ["-c", "command -v ssh"], { encoding: "utf8" }).trim()
  Fs.writeFileSync(Path.join(bin, "ssh"), `#!/bin/sh\nexec ${real} -F ${at("config")} "$@"\n`, {
    mode: 0o755
  })
  const stop = () => {
    listener.close()
    for (const { pid } of children) {
      try {
        process.kill(-pid, "SIGKILL")
      } catch {
        // It has ended.
      }
    }
  }
  const [, fingerprint] = /(SHA256:\S+)/.exec(
    execFileSync("ssh-keygen", ["-lf", at("host.pub")], { encoding: "utf8" })
  )
  if (await letsIn(Path.join(bin, "ssh"))) return { bin, fingerprint, stop }
  stop()
  return undefined
}

/** An account may be locked, or a container forbid what sshd does. */
const letsIn = async (ssh) => {
  const child = spawn(
    ssh,
    [
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "-o",
      "BatchMode=yes",
      "la.example",
      "true"
    ],
    { stdio: "ignore" }
  )
  const [status] = await once(child, "close")
  return status === 0
}
