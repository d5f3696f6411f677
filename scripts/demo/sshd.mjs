// The demo's own sshd on loopback, which accepts a fresh key for this user; undefined if there can be none.
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"

const program = "/usr/sbin/sshd"

/** sshd run by root insists on /run/sshd, so it gets one in its own mount namespace. */
const namespace =
  process.getuid?.() === 0
    ? ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"', "sh"]
    : []

/** Starts it; `bin`, put in front of the PATH, contains an ssh that reaches it as la.example. */
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
  // Each connection gets its own sshd, as under inetd.
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
        // The process has already ended.
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

/** Logs in once: the account may be locked, or a container may forbid what sshd needs. */
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
