import type { Duplex } from "node:stream"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Ssh2 from "ssh2"
import type { Client } from "ssh2"
import { ServerUnreachable, type TransportStage } from "../../../domain/errors/server.ts"
import { errnoOf } from "../../files/errno.ts"

export type Module = typeof Ssh2

/** Loaded at the first connection, because it takes 40 ms. */
export const loadSsh2 = async (): Promise<Module> => {
  const module = (await import("ssh2")) as Module & { readonly default?: Module }
  return module.default ?? module
}

/** How long each stage may take. Waiting for a person to type a passphrase does not count. */
export interface StageTimeouts {
  readonly connect: Duration.DurationInput
  readonly hostKey: Duration.DurationInput
  readonly authenticate: Duration.DurationInput
  readonly socket: Duration.DurationInput
}

/** The state of an ssh2 client, which it only announces by events, and a way to wait for a change of it. */
export interface Session {
  readonly handshaken: () => boolean
  readonly ready: () => boolean
  readonly fault: () => Fault | undefined
  /** Makes everything that waits evaluate its condition again. */
  readonly wake: () => void
  /** Waits until the condition yields something. */
  readonly until: <A>(condition: () => A | undefined) => Effect.Effect<A>
}

/** Why a client can no longer be used; never in the other side's words. */
export interface Fault {
  readonly kind: "refused-login" | "disconnected" | "no-agreement" | "closed" | "broken"
  /** The errno's name, if there is one. */
  readonly code?: string
}

export const observe = (client: Client, stream: Duplex): Session => {
  let handshaken = false
  let ready = false
  let fault: Fault | undefined
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const evaluate of [...waiting]) evaluate()
  }
  const fail = (reported: Fault) => {
    fault ??= reported
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
    const reported = faultOf(error as LevelledError)
    if (reported !== undefined) fail(reported)
  })
  client.on("close", () => fail({ kind: "closed" }))
  stream.on("close", () => fail({ kind: "closed" }))
  return {
    handshaken: () => handshaken,
    ready: () => ready,
    fault: () => fault,
    wake,
    until: <A>(condition: () => A | undefined) =>
      Effect.async<A>((resume) => {
        const evaluate = () => {
          const result = condition()
          if (result === undefined) return
          waiting.delete(evaluate)
          resume(Effect.succeed(result))
        }
        waiting.add(evaluate)
        evaluate()
        return Effect.sync(() => waiting.delete(evaluate))
      })
  }
}

interface LevelledError extends Error {
  readonly level?: string
  readonly code?: unknown
}

/** ssh2 classifies errors by a level. A key that the agent fails to sign with is no fault: ssh2 tries the next one. */
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

/** The error for a fault that occurred at this stage. */
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
        ? "the two sides share no algorithm, or the other side is not an SSH server"
        : (code ?? "closed"),
    hint: stage === "host-key" ? "Does sshd answer on that port? See: ssh -v" : "See what ssh -v says."
  })

/** Fails when the stage takes longer. */
export const within =
  (server: string, stage: TransportStage, duration: Duration.DurationInput) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | ServerUnreachable, R> =>
    Effect.timeoutFail(effect, {
      duration,
      onTimeout: () => unreachable(server, stage, { kind: "broken", code: "timeout" })
    })
