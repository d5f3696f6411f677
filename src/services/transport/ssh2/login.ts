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
import { offerOf } from "./algorithms.ts"
import { isPassedOver, readKeyFiles } from "./key-files.ts"
import { type KeyVault, keyRing, type UnlockRequest } from "./key-ring.ts"
import { type Module, observe, type Session, type StageTimeouts, unreachable, within } from "./session.ts"

/** What all logins on the way to one server share. */
export interface LoginContext {
  readonly module: Module
  readonly hosts: KnownHosts["Type"]
  readonly vault: KeyVault
  readonly timeouts: StageTimeouts
  /** The server's own, for error messages. */
  readonly destination: Destination
  /** The path of the agent's socket, unless the configuration names another. */
  readonly agent: string | undefined
}

export interface LoggedIn {
  readonly client: Client
  readonly session: Session
}

/** Speaks SSH over a stream that leads to the host, checks its key, and logs in. Closing the scope ends the connection. */
export const login = Effect.fnUntraced(function* (
  { module, hosts, vault, timeouts, destination, agent }: LoginContext,
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
        hint: `${path} could not be read, and without it no host can be recognized.`
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
  const session = observe(client, stream)
  let refusal: HostKeyRefused | undefined
  let unlockRequest: UnlockRequest | undefined
  const agentPath = settings.agent ?? agent
  const { keys, unusable } = readKeyFiles(module, settings.identityFiles)
  const passedOver = unusable.find(isPassedOver)
  const ring = keyRing(module, keys, {
    agent: agentPath === "none" || agentPath === "" ? undefined : agentPath,
    identitiesOnly: settings.identitiesOnly,
    requestUnlock: (request) => {
      unlockRequest = request
      session.wake()
    }
  })
  const methods = [{ type: "agent" as const, username: settings.user, agent: ring.agent }]
  yield* Effect.sync(() =>
    client.connect({
      sock: stream as never,
      username: settings.user,
      strictVendor: false,
      // Each stage has its own timeout.
      readyTimeout: 0,
      keepaliveInterval: 1000 * (settings.aliveInterval ?? 15),
      keepaliveCountMax: 3,
      algorithms: { ...offer, compress: ["none"] } as never,
      hostVerifier: (key: Buffer) => {
        refusal ??= refusalOf(server, destination, settings, known, key)
        return refusal === undefined
      },
      authHandler: (_left, _partial, next) => next((methods.shift() ?? false) as never)
    })
  )

  yield* session
    .until(() => refusal ?? session.fault() ?? (session.handshaken() ? "done" : undefined))
    .pipe(
      within(server, "host-key", timeouts.hostKey),
      Effect.flatMap((event) =>
        event === "done"
          ? Effect.void
          : Effect.fail("_tag" in event ? event : unreachable(server, "host-key", event))
      )
    )

  let locked: string | undefined
  const takeUnlockRequest = (): UnlockRequest | undefined => {
    const request = unlockRequest
    unlockRequest = undefined
    return request
  }
  while (!session.ready()) {
    const event = yield* within(
      server,
      "authenticate",
      timeouts.authenticate
    )(session.until(() => session.fault() ?? takeUnlockRequest() ?? (session.ready() ? "done" : undefined)))
    if (event === "done") break
    if ("kind" in event) {
      if (event.kind !== "refused-login" && event.kind !== "disconnected") {
        return yield* unreachable(server, "authenticate", event)
      }
      return yield* new LoginRefused({
        server,
        destination,
        host: settings.hostname,
        user: settings.user,
        reason: locked !== undefined ? "locked" : ring.offered() === 0 ? "no-keys" : "refused",
        offered: ring.offered(),
        hungUp: event.kind === "disconnected",
        ...omitUndefined({ file: locked, passedOver })
      })
    }
    const key = yield* vault.open(module, event.path, event.encrypted)
    if (Option.isNone(key)) locked = event.path
    event.reply(Option.getOrUndefined(key))
  }
  return { client, session }
})

const refusalOf = (
  server: string,
  destination: Destination,
  { identity }: SshSettings,
  known: Known,
  blob: Buffer
): HostKeyRefused | undefined => {
  const verdict = known.judge(blob)
  if (verdict === "known") return undefined
  const fingerprint = `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`
  return new HostKeyRefused({
    server,
    destination,
    reason: verdict,
    identity,
    key: { type: printableType(blob), fingerprint, blob: Uint8Array.from(blob) }
  })
}

const printableType = (blob: Buffer): string => {
  const type = typeOf(blob) ?? ""
  return /^[a-z0-9@.-]{1,64}$/.test(type) ? type : "unknown"
}
