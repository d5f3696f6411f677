import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { makeKey, publicLine, sshd } from "../../support/sshd.ts"

/** A real sshd, to which every name resolves. Each folder has an ssh for the PATH of a user who knows the host that way. */
export interface Hosts {
  /** For the socket of a server that the account may use. */
  readonly folder: string
  readonly group: number
  readonly known: string
  readonly unknown: string
  /** Knows the host by another key. */
  readonly changed: string
  /** Knows the host by its own key, but the host accepts none of this user's keys. */
  readonly lockedOut: string
}

export const hosts: Effect.Effect<Hosts, never, Scope.Scope> = Effect.gen(function* () {
  const { folder, config, group = 0, port } = yield* sshd()
  process.once("exit", () => Fs.rmSync(folder, { recursive: true, force: true }))
  const at = (name: string) => Path.join(folder, name)
  const text = Fs.readFileSync(config, "utf8")
  makeKey(at("another"))
  Fs.writeFileSync(at("another_known"), `[127.0.0.1]:${port} ${publicLine(at("another"))}\n`)
  const somebody = (name: string, option = "", value = "") => {
    const programs = at(name)
    Fs.mkdirSync(programs)
    const own = Path.join(programs, "config")
    Fs.writeFileSync(own, text.replace(new RegExp(`^${option} .*$`, "m"), `${option} ${value}`))
    Fs.writeFileSync(Path.join(programs, "ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F ${own} "$@"\n`, {
      mode: 0o755
    })
    return programs
  }
  return {
    folder,
    group,
    known: somebody("known"),
    unknown: somebody("unknown", "UserKnownHostsFile", "/dev/null"),
    changed: somebody("changed", "UserKnownHostsFile", at("another_known")),
    lockedOut: somebody("locked-out", "IdentityFile", at("another"))
  }
})
