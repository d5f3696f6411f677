import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { temporaryFolder } from "../services/files/folder.ts"

/**
 * A real sshd on loopback, which lets an account other than root log in. Its folder contains the client's files as
 * well.
 */
export interface Sshd {
  readonly folder: string
  readonly port: number
  /** The account that may log in, and the group that a socket must have for it, if that is not our own. */
  readonly user: string
  readonly group: number | undefined
  readonly hostKey: string
  readonly clientKey: string
  readonly knownHosts: string
  /** An ssh_config in which every host leads to this server. */
  readonly config: string
  /** Its log so far. */
  readonly log: () => string
  /** Closes all open connections. */
  readonly cut: () => void
}

export interface SshdOptions {
  /** Additional lines of sshd_config. */
  readonly server?: ReadonlyArray<string>
  /** Additional lines of ssh_config, which precede all others. */
  readonly client?: ReadonlyArray<string>
}

const isRoot = process.getuid?.() === 0

/** sshd run by root insists on /run/sshd, so it gets one in its own mount namespace. */
const inNamespace = isRoot
  ? ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"', "sh"]
  : []

export const sshd = (options: SshdOptions = {}): Effect.Effect<Sshd, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder()
    Fs.chmodSync(folder, 0o755)
    const at = (name: string) => Path.join(folder, name)
    const user = isRoot ? "nobody" : Os.userInfo().username
    for (const name of ["host", "client"]) makeKey(at(name))
    Fs.copyFileSync(at("client.pub"), at("authorized"))
    Fs.writeFileSync(
      at("sshd_config"),
      [
        ...(options.server ?? []),
        `HostKey ${at("host")}`,
        `AuthorizedKeysFile ${at("authorized")}`,
        "PidFile none",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        ""
      ].join("\n")
    )
    const { port, log, cut } = yield* listening(at("sshd_config"))
    Fs.writeFileSync(at("known_hosts"), `[127.0.0.1]:${port} ${publicLine(at("host"))}\n`)
    Fs.writeFileSync(
      at("ssh_config"),
      [
        ...(options.client ?? []),
        "Host *",
        "HostName 127.0.0.1",
        `Port ${port}`,
        `User ${user}`,
        `IdentityFile ${at("client")}`,
        "IdentityAgent none",
        "IdentitiesOnly yes",
        `UserKnownHostsFile ${at("known_hosts")}`,
        "GlobalKnownHostsFile none",
        ""
      ].join("\n")
    )
    return {
      folder,
      port,
      user,
      group: isRoot ? 65534 : undefined,
      hostKey: at("host"),
      clientKey: at("client"),
      knownHosts: at("known_hosts"),
      config: at("ssh_config"),
      log,
      cut
    }
  })

/** Kills it and the processes that it started, which would outlive it. */
const end = ({ pid }: ChildProcess): void => {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL")
  } catch {
    // It has already ended.
  }
}

export const makeKey = (path: string, options: ReadonlyArray<string> = ["-t", "ed25519", "-N", ""]): void => {
  execFileSync("ssh-keygen", ["-q", "-C", "", ...options, "-f", path])
}

/** Certifies a host's key with an authority's, and writes the certificate beside it. */
export const certify = (authority: string, hostKey: string): void => {
  execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", "host", "-h", "-n", "127.0.0.1", `${hostKey}.pub`])
}

export const publicLine = (key: string): string =>
  Fs.readFileSync(`${key}.pub`, "utf8").trim().split(" ").slice(0, 2).join(" ")

/** Starts an sshd for each connection, as inetd would, so that the system chooses the port and nothing daemonizes. */
const listening = (config: string) =>
  Effect.acquireRelease(
    Effect.async<{
      readonly server: Net.Server
      readonly children: Set<ChildProcess>
      readonly log: () => string
    }>((resume) => {
      const children = new Set<ChildProcess>()
      let log = ""
      const server = Net.createServer({ pauseOnConnect: true }, (socket) => {
        const [command, ...args] = [...inNamespace, "/usr/sbin/sshd", "-i", "-e", "-f", config]
        const child = spawn(command as string, args, {
          stdio: [socket, socket, "pipe"],
          env: {},
          detached: true
        })
        children.add(child)
        child.stderr?.setEncoding("utf8").on("data", (text: string) => {
          log += text
        })
        child.on("exit", () => {
          children.delete(child)
          socket.destroy()
        })
        socket.on("error", () => {})
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, children, log: () => log })))
    }),
    ({ server, children }) =>
      Effect.sync(() => {
        server.close()
        for (const child of children) end(child)
      })
  ).pipe(
    Effect.map(({ server, children, log }) => ({
      port: (server.address() as Net.AddressInfo).port,
      log,
      cut: () => {
        for (const child of children) end(child)
      }
    }))
  )
