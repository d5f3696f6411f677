import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Ended, makeSandbox, passphrase, type Sandbox, type Typed } from "../../support/cli.ts"
import { type Host, isRoot, makeHost } from "../../support/server.ts"
import { publicLine, type Sshd, sshd } from "../../support/sshd.ts"

/** Relays between a client and sshd; records what passes, and can cut connections. */
export interface Relay {
  readonly port: number
  readonly connections: () => number
  readonly passed: () => Buffer
  /** Cuts each connection after this many bytes to the server. */
  cutAfter: number
}

export const relayTo = (port: number): Effect.Effect<Relay, never, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets = new Set<Net.Socket>()
    const kept: Array<Buffer> = []
    let connections = 0
    const relay = { cutAfter: Number.POSITIVE_INFINITY }
    const server = Net.createServer((client) => {
      connections++
      const upstream = Net.connect(port, "127.0.0.1")
      let there = 0
      const end = () => {
        client.destroy()
        upstream.destroy()
      }
      for (const socket of [client, upstream]) {
        sockets.add(socket)
        socket.on("error", end)
        socket.on("close", end)
      }
      client.on("data", (chunk: Buffer) => {
        const left = relay.cutAfter - there
        there += chunk.length
        const part = chunk.subarray(0, Math.max(0, Math.min(chunk.length, left)))
        kept.push(part)
        upstream.write(part, () => {
          if (there >= relay.cutAfter) end()
        })
      })
      upstream.on("data", (chunk: Buffer) => {
        kept.push(chunk)
        client.write(chunk)
      })
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.sync(() => {
          for (const socket of sockets) socket.destroy()
          server.close()
        })
    )
    return Object.assign(relay, {
      port: (server.address() as Net.AddressInfo).port,
      connections: () => connections,
      passed: () => Buffer.concat(kept)
    })
  })

export interface World {
  readonly sshd: Sshd
  readonly relay: Relay
  readonly sandbox: Sandbox
  /** ssh's command lines, and tako's variables in its environment. */
  readonly calls: () => string
  readonly tako: (args: ReadonlyArray<string>, typed?: Typed) => Promise<Ended>
  readonly variables: Readonly<Record<string, string>>
  /** Writes a config.toml of these servers, by name and socket; ssh finds each as "<name>.example". */
  readonly know: (servers: Readonly<Record<string, string>>) => void
  readonly set: (name: string, value: string) => Promise<void>
}

/** Starts a tako-server whose socket sshd's account may use. */
export const startHost = async (): Promise<Host> => {
  const host = makeHost()
  // tako-server would create a missing folder for itself alone.
  Fs.mkdirSync(Path.dirname(host.socket), { mode: 0o755 })
  await host.start(isRoot ? { args: ["--socket-group", "nogroup"] } : {})
  return host
}

/** A project with an environment production, and a user whose ssh reaches one sshd under many names. */
export const makeWorld = (
  toml: string,
  client: (server: { readonly folder: string }) => ReadonlyArray<string> = () => []
): Effect.Effect<World, never, Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* sshd()
    const relay = yield* relayTo(server.port)
    Fs.appendFileSync(server.knownHosts, `[127.0.0.1]:${relay.port} ${publicLine(server.hostKey)}\n`)
    const config = Fs.readFileSync(server.config, "utf8").replace(/^Port .*$/m, `Port ${relay.port}`)
    Fs.writeFileSync(server.config, [...client(server), config].join("\n"))
    const sandbox = yield* Effect.promise(() => makeSandbox())
    const programs = Path.join(sandbox.folder, "programs")
    const calls = Path.join(sandbox.folder, "calls")
    Fs.mkdirSync(programs)
    Fs.writeFileSync(calls, "")
    Fs.writeFileSync(
      Path.join(programs, "ssh"),
      `#!/bin/sh\nprintf '%s\\n' "$*" >> ${calls}\nenv | grep ^TAKO >> ${calls}\nexec /usr/bin/ssh -F ${server.config} "$@"\n`,
      { mode: 0o755 }
    )
    Fs.writeFileSync(Path.join(sandbox.project, "tako.toml"), toml)
    const variables = { ...sandbox.variables, PATH: `${programs}:${sandbox.variables.PATH}` }
    const tako: World["tako"] = (args, typed) =>
      sandbox.tako(args, { ...typed, variables: { ...variables, ...typed?.variables } })
    return {
      sshd: server,
      relay,
      sandbox,
      variables,
      tako,
      calls: () => Fs.readFileSync(calls, "utf8"),
      know: (servers) => {
        Fs.mkdirSync(sandbox.home, { recursive: true, mode: 0o700 })
        const entries = Object.entries(servers).map(
          ([name, socket]) =>
            `[[servers]]\nname = "${name}"\nhost = "${name}.example"\nsocket = "${socket}"\n`
        )
        Fs.writeFileSync(Path.join(sandbox.home, "config.toml"), entries.join("\n"), { mode: 0o600 })
      },
      set: async (name, value) => {
        const { code, stderr } = await tako(["secrets", "set", name, "--env", "production", "--create"], {
          stdin: value,
          variables: { TAKO_PASSPHRASE: passphrase }
        })
        if (code !== 0) throw new Error(stderr)
      }
    }
  })

export interface EndedLine {
  readonly event: string
  readonly server: string
  readonly state: string
  readonly error?: string
  readonly stage?: string
  readonly reason?: string
  readonly revision?: number
}

/** What `--json` printed about the end of each server's sync. */
export const endedIn = ({ stdout }: Ended): Readonly<Record<string, EndedLine>> =>
  Object.fromEntries(
    stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as EndedLine)
      .filter(({ event }) => event === "ended")
      .map((line) => [line.server, line])
  )
