import { createHash } from "node:crypto"
import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Client } from "ssh2"
import { ServerUnreachable } from "../../../domain/errors/server.ts"
import { HostKeyRefused, LoginRefused } from "../../../domain/errors/ssh.ts"
import { omitUndefined } from "../../../domain/omit-undefined.ts"
import type { Destination } from "../../../domain/server-registry/destination.ts"
import type { SshSettings } from "../../../domain/ssh/ssh-settings.ts"
import { typeOf } from "../../known-hosts/file.ts"
import type { Known, KnownHosts } from "../../known-hosts/known-hosts.ts"
import type { Patience } from "../layer-ssh2.ts"
import { offerOf } from "./algorithms.ts"
import { isPassedOver, readKeyFiles } from "./key-files.ts"
import { type KeyVault, keyRing, type Question } from "./key-ring.ts"
import { type Module, type Session, unreachable, watch, within } from "./session.ts"

export interface Surroundings {
  readonly module: Module
  readonly hosts: KnownHosts["Type"]
  readonly vault: KeyVault
  readonly patience: Patience
  /** How the server is reached, as its entry says. */
  readonly asked: Destination
  /** The path of the agent's socket, where the configuration names none. */
  readonly agent: string | undefined
}

/** Speaks SSH over a stream that leads to the host, checks who it is, and logs in; closed with the scope. */
export const login = Effect.fnUntraced(function* (
  { module, hosts, vault, patience, asked, agent }: Surroundings,
  server: string,
  settings: SshSettings,
  stream: Duplex
) {
  const known = yield* Effect.mapError(
    hosts.of(settings.identity),
    ({ path, code }) =>
      new ServerUnreachable({
        server,
        stage: "host-key",
        reason: code,
        hint: `${path} could not be read, so no host can be told from another.`
      })
  )
  const offer = offerOf(settings, known.types)
  if (offer === undefined) return yield* unreachable(server, "host-key", { kind: "no-agreement" })
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => new module.Client()),
    (client) =>
      Effect.sync(() => {
        client.end()
        stream.destroy()
      })
  )
  const session = watch(client, stream)
  let refusal: HostKeyRefused | undefined
  let question: Question | undefined
  const path = settings.agent ?? agent
  const { keys, unfit } = readKeyFiles(module, settings.identityFiles)
  const passedOver = unfit.find(isPassedOver)
  const ring = keyRing(module, keys, {
    agent: path === "none" || path === "" ? undefined : path,
    identitiesOnly: settings.identitiesOnly,
    ask: (asked) => {
      question = asked
      session.wake()
    }
  })
  const methods = [{ type: "agent" as const, username: settings.user, agent: ring.agent }]
  yield* Effect.sync(() =>
    client.connect({
      sock: stream as never,
      username: settings.user,
      strictVendor: false,
      // Each stage has its own time.
      readyTimeout: 0,
      keepaliveInterval: 1000 * (settings.aliveInterval ?? 15),
      keepaliveCountMax: 3,
      algorithms: { ...offer, compress: ["none"] } as never,
      hostVerifier: (key: Buffer) => {
        refusal ??= refused(server, asked, settings, known, key)
        return refusal === undefined
      },
      authHandler: (_left, _partial, next) => next((methods.shift() ?? false) as never)
    })
  )

  yield* session
    .until(() => refusal ?? session.fault() ?? (session.handshaken() ? "done" : undefined))
    .pipe(
      within(server, "host-key", patience.hostKey),
      Effect.flatMap((found) =>
        found === "done"
          ? Effect.void
          : Effect.fail("_tag" in found ? found : unreachable(server, "host-key", found))
      )
    )

  let locked: string | undefined
  const taken = (): Question | undefined => {
    const asked = question
    question = undefined
    return asked
  }
  while (!session.ready()) {
    const found = yield* within(
      server,
      "authenticate",
      patience.authenticate
    )(session.until(() => session.fault() ?? taken() ?? (session.ready() ? "done" : undefined)))
    if (found === "done") break
    if ("kind" in found) {
      if (found.kind !== "refused-login" && found.kind !== "disconnected") {
        return yield* unreachable(server, "authenticate", found)
      }
      return yield* new LoginRefused({
        server,
        asked,
        host: settings.hostname,
        user: settings.user,
        reason: locked !== undefined ? "locked" : ring.offered() === 0 ? "no-keys" : "refused",
        offered: ring.offered(),
        hungUp: found.kind === "disconnected",
        ...omitUndefined({ file: locked, passedOver })
      })
    }
    const key = yield* vault.open(module, found.path, found.encrypted)
    if (Option.isNone(key)) locked = found.path
    found.answer(Option.getOrUndefined(key))
  }
  return { client, session }
})

export interface LoggedIn {
  readonly client: Client
  readonly session: Session
}

const refused = (
  server: string,
  asked: Destination,
  { identity }: SshSettings,
  known: Known,
  blob: Buffer
): HostKeyRefused | undefined => {
  const verdict = known.judge(blob)
  if (verdict === "known") return undefined
  const fingerprint = `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`
  return new HostKeyRefused({
    server,
    asked,
    reason: verdict,
    identity,
    key: { type: shownType(blob), fingerprint, blob: Uint8Array.from(blob) }
  })
}

const shownType = (blob: Buffer): string => {
  const type = typeOf(blob) ?? ""
  return /^[a-z0-9@.-]{1,64}$/.test(type) ? type : "unknown"
}
