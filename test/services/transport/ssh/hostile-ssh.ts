import { generateKeyPairSync } from "node:crypto"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import Ssh2, { type Connection, type ServerChannel } from "ssh2"
import { hostIdentity } from "../../../../src/domain/ssh/host-identity.ts"
import type { SshSettings } from "../../../../src/domain/ssh/ssh-settings.ts"
import type { SshTarget } from "../../../../src/domain/target.ts"
import { layerMemory as knownHosts } from "../../../../src/services/known-hosts/layer-memory.ts"
import { layerMemory as sshConfig } from "../../../../src/services/ssh-config/layer-memory.ts"
import { layerMemory as terminal } from "../../../../src/services/terminal/layer-memory.ts"
import { layerSsh2Of } from "../../../../src/services/transport/layer-ssh2.ts"
import type { StageTimeouts } from "../../../../src/services/transport/ssh2/session.ts"
import type { Transport } from "../../../../src/services/transport/transport.ts"
import { temporaryFolder } from "../../files/folder.ts"

const { Server, utils } = Ssh2

/** What the server does at each stage; where nothing is given, it behaves like sshd. */
export interface Manners {
  /** Sent instead of SSH. */
  readonly raw?: (socket: Net.Socket) => void
  readonly authenticate?: (accept: () => void, reject: () => void, connection: Connection) => void
  readonly socket?: (accept: () => ServerChannel, reject: () => void, connection: Connection) => void
  /** Called with each line that arrives on tako-server's socket. */
  readonly line?: (channel: ServerChannel, line: string, connection: Connection) => void
  /** The transport's timeout; by default, longer than any machine takes. */
  readonly timeouts?: Partial<StageTimeouts>
  /** What known_hosts contains about the server. */
  readonly known?: (line: string) => string
}

export interface Met {
  readonly target: SshTarget
  readonly transport: Layer.Layer<Transport>
  /** Everything that arrived on its socket. */
  readonly received: () => string
}

// ssh2's own generator drops a leading zero of an ed25519 key, and ssh2 then cannot read one in 256 of its keys.
const makeKey = () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  return privateKey.export({ type: "sec1", format: "pem" }).toString()
}
const hostKey = makeKey()
const clientKey = makeKey()
const hostPublic = utils.parseKey(hostKey)
if (hostPublic instanceof Error) throw hostPublic
const knownAs = `${hostPublic.type} ${hostPublic.getPublicSSH().toString("base64")}`

/** An ssh2 server on loopback with these manners, and a transport that connects to it. */
export const hostileSsh = (manners: Manners): Effect.Effect<Met, never, Scope.Scope> =>
  Effect.gen(function* () {
    const key = Path.join(yield* temporaryFolder(), "id")
    Fs.writeFileSync(key, clientKey, { mode: 0o600 })
    let received = ""
    const ssh = new Server({ hostKeys: [hostKey], banner: "\u001b]0;owned\u0007\n" }, (connection) => {
      connection.on("error", () => {})
      connection.on("authentication", (context) => {
        const accept = () => context.accept()
        const reject = () => context.reject(["publickey"])
        ;(manners.authenticate ?? ((accept) => accept()))(accept, reject, connection)
      })
      connection.on("ready", () => {
        connection.on(
          "openssh.streamlocal" as never,
          ((accept: () => ServerChannel, reject: () => void) => {
            const opened = () => {
              const channel = accept()
              let rest = ""
              channel.on("error", () => {})
              channel.on("data", (chunk: Buffer) => {
                received += chunk.toString("latin1")
                rest += chunk.toString("latin1")
                for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
                  manners.line?.(channel, rest.slice(0, end), connection)
                  rest = rest.slice(end + 1)
                }
              })
              return channel
            }
            ;(manners.socket ?? ((accept) => void accept()))(opened, reject, connection)
          }) as never
        )
      })
    })
    const sockets = new Set<Net.Socket>()
    const server = Net.createServer((socket) => {
      sockets.add(socket)
      socket.on("error", () => {})
      if (manners.raw === undefined) ssh.injectSocket(socket)
      else manners.raw(socket)
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.sync(() => {
          for (const socket of sockets) socket.destroy()
          server.close()
        })
    )
    const { port } = server.address() as Net.AddressInfo
    const known = `[127.0.0.1]:${port} ${knownAs}\n`
    const transport = layerSsh2Of({
      timeouts: { hostKey: "1 minute", authenticate: "1 minute", socket: "1 minute", ...manners.timeouts }
    }).pipe(
      Layer.provide([
        knownHosts((manners.known ?? ((line) => line))(known)),
        sshConfig(new Map([["la.example", settingsOf(port, key)]])),
        terminal({ isThere: false })
      ])
    )
    return {
      target: { _tag: "Ssh", name: "la", socket: "/run/tako/tako.sock", ssh: { host: "la.example" } },
      transport,
      received: () => received
    }
  })

export const settingsOf = (port: number, key: string): SshSettings => ({
  hostname: "127.0.0.1",
  port,
  user: "deploy",
  identity: hostIdentity({ host: "127.0.0.1", port }, { files: ["/known_hosts"], hashed: false }),
  addressFamily: "any",
  jumps: [],
  identityFiles: [key],
  identitiesOnly: true,
  agent: "none",
  algorithms: { hostKey: [], kex: [], cipher: [], mac: [] },
  onlyOpenSsh: []
})
