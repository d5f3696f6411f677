import type { Duplex } from "node:stream"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Ssh2 from "ssh2"
import type { Client } from "ssh2"
import { ServerUnreachable, type TransportStage } from "../../../domain/errors/server.ts"
import { errnoOf } from "../../files/errno.ts"

/** What has become of a client so far, and a way to wait for more. */
export interface Session {
  readonly handshaken: () => boolean
  readonly ready: () => boolean
  readonly fault: () => Fault | undefined
  /** Has what waits look again. */
  readonly wake: () => void
  /** The first that is there of what is looked for. */
  readonly until: <A>(look: () => A | undefined) => Effect.Effect<A>
}

/** Why a client is of no more use: never in the other side's words. */
export interface Fault {
  readonly kind: "refused-login" | "disconnected" | "no-agreement" | "closed" | "broken"
  /** The errno's name, when there is one. */
  readonly code?: string
}

export const watch = (client: Client, stream: Duplex): Session => {
  let handshaken = false
  let ready = false
  let fault: Fault | undefined
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const each of [...waiting]) each()
  }
  const fail = (found: Fault) => {
    fault ??= found
    wake()
  }
  client.on("handshake", () => {
    handshaken = true
    wake()
  })
  client.on("ready", () => {
    ready = true
    wake()
  })
  client.on("error", (error) => {
    const found = faultOf(error as LevelledError)
    if (found !== undefined) fail(found)
  })
  client.on("close", () => fail({ kind: "closed" }))
  stream.on("close", () => fail({ kind: "closed" }))
  return {
    handshaken: () => handshaken,
    ready: () => ready,
    fault: () => fault,
    wake,
    until: <A>(look: () => A | undefined) =>
      Effect.async<A>((resume) => {
        const attempt = () => {
          const found = look()
          if (found === undefined) return
          waiting.delete(attempt)
          resume(Effect.succeed(found))
        }
        waiting.add(attempt)
        attempt()
        return Effect.sync(() => waiting.delete(attempt))
      })
  }
}

interface LevelledError extends Error {
  readonly level?: string
  readonly code?: unknown
}

/** ssh2 tells by levels; a failing key of the agent's is none, for it goes on with the next. */
const faultOf = (error: LevelledError): Fault | undefined => {
  switch (error.level) {
    case "agent":
      return undefined
    case "client-authentication":
      return { kind: "refused-login" }
    case "handshake":
      return { kind: "no-agreement" }
    case "client-timeout":
      return { kind: "broken", code: "timeout" }
    default: {
      if (typeof error.code === "number") return { kind: "disconnected" }
      const code = errnoOf(error)
      return code === undefined ? { kind: "broken" } : { kind: "broken", code }
    }
  }
}

/** The fault as one of this stage. */
export const unreachable = (
  server: string,
  stage: TransportStage,
  { kind, code }: Fault
): ServerUnreachable =>
  new ServerUnreachable({
    server,
    stage,
    reason:
      kind === "no-agreement"
        ? "both sides have no algorithm in common, or the other side is not an SSH server"
        : (code ?? "closed"),
    hint: hints[stage] ?? "See what ssh says of it: ssh -v"
  })

const hints: { readonly [S in TransportStage]?: string } = {
  "host-key": "Is it sshd that answers on that port? See: ssh -v",
  authenticate: "See what ssh says of it: ssh -v"
}

/** Fails when the stage takes longer. */
export const within =
  (server: string, stage: TransportStage, duration: Duration.DurationInput) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | ServerUnreachable, R> =>
    Effect.timeoutFail(effect, {
      duration,
      onTimeout: () => unreachable(server, stage, { kind: "broken", code: "timeout" })
    })

export type Module = typeof Ssh2

/** Loaded when a server is first connected to, because it costs 40 ms. */
export const load = async (): Promise<Module> => {
  const module = (await import("ssh2")) as Module & { readonly default?: Module }
  return module.default ?? module
}
