import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { SshSettings } from "../../domain/ssh/ssh-settings.ts"
import type { Contract } from "../contract.ts"
import { SshConfig } from "./ssh-config.ts"

/** A configuration of two hosts. */
export interface Example {
  readonly host: string
  /** What the configuration says of it: all of SshSettings, or a part. It has no HostKeyAlias. */
  readonly settings: Pick<SshSettings, "hostname" | "port" | "user"> & Partial<SshSettings>
  /** A host that cannot be resolved. */
  readonly refused: string
}

/** What every SshConfig must do with the example. */
export const contractOf = ({ host, settings, refused }: Example): Contract<SshConfig> => {
  const { hostname, port, user, identity: _, ...rest } = settings
  const resolved = (destination: { readonly port?: number; readonly user?: string }) =>
    Effect.flatMap(SshConfig, ({ resolve }) => resolve("production", { host, ...destination }))
  return [
    {
      name: "resolves a host as it is configured",
      run: Effect.gen(function* () {
        const found = yield* resolved({})
        for (const [key, value] of Object.entries({ hostname, port, user, ...rest }))
          Assert.deepEqual(found[key as keyof SshSettings], value, key)
        Assert.equal(found.identity.name, nameOf(hostname, port))
      })
    },

    {
      name: "lets the server's own port and user win, also in the name that known_hosts has for it",
      run: Effect.gen(function* () {
        for (const own of [{ port: port + 1 }, { user: "own-user" }, { port: 22, user: "own-user" }]) {
          const found = yield* resolved(own)
          Assert.equal(found.hostname, hostname)
          Assert.equal(found.port, own.port ?? port)
          Assert.equal(found.user, own.user ?? user)
          Assert.equal(found.identity.name, nameOf(hostname, own.port ?? port))
        }
      })
    },

    {
      name: "gives absolute paths only",
      run: Effect.gen(function* () {
        const { agent, identity, identityFiles } = yield* resolved({})
        const agents = agent === "none" ? {} : omitUndefined({ agent })
        for (const path of [...identity.files, ...identityFiles, ...Object.values(agents)])
          Assert.match(path, /^\//)
      })
    },

    {
      name: "names the server that cannot be resolved, and the stage",
      run: Effect.gen(function* () {
        const { resolve } = yield* SshConfig
        const { _tag, server, stage } = yield* Effect.flip(resolve("production", { host: refused }))
        Assert.deepEqual(
          { _tag, server, stage },
          { _tag: "ServerUnreachable", server: "production", stage: "resolve" }
        )
      })
    }
  ]
}

const nameOf = (host: string, port: number): string => (port === 22 ? host : `[${host}]:${port}`)
