import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { SecretSet } from "../../../src/domain/app/secret-set.ts"
import { ServerUnreachable, type TransportStage } from "../../../src/domain/errors/server.ts"
import type { KeyId } from "../../../src/domain/key.ts"
import type { SecretName } from "../../../src/domain/names.ts"
import type { Delivery, Parcel, Removal, Result, Stage } from "../../../src/programs/sync/delivery.ts"
import { type Options, sync } from "../../../src/programs/sync/sync.ts"
import { Transport, type TransportError, type Wire } from "../../../src/services/transport/transport.ts"
import { environment } from "../../support/project-of.ts"
import { app } from "../supervisor/world.ts"

export const keyId = "0123456789abcdef" as KeyId
export const otherKeyId = "fedcba9876543210" as KeyId

/** Asserts that `actual` has at least these members. */
export const has = (actual: object, expected: object): void => assert.deepInclude(actual, expected as never)

export const set = (values: Readonly<Record<string, string>>): SecretSet =>
  new Map(Object.entries(values).map(([name, value]) => [name as SecretName, Redacted.make(value)]))

export const parcel = (values: Readonly<Record<string, string>>, more: Partial<Parcel> = {}): Parcel => ({
  environment: environment("production"),
  app,
  secrets: set(values),
  keyId,
  previousKeyIds: [],
  ...more
})

export const to = (parcel: Parcel, ...names: ReadonlyArray<string>): ReadonlyArray<Delivery> =>
  names.map((name) => ({
    parcel,
    target: { _tag: "Ssh", name, socket: "/s", ssh: { host: `${name}.example` } }
  }))

/** The far end of a connection: answers a line; both without their newlines. */
export type Peer = (line: string) => Effect.Effect<string | Uint8Array, TransportError>

/** Where a connection is lost: before its nth line is sent, or before the reply to it arrives. */
export interface Cut {
  readonly at: "connect" | "request" | "reply"
  /** Counted from 0, which is the hello. */
  readonly line: number
}

export const unreachable = (server: string, stage: TransportStage) =>
  new ServerUnreachable({ server, stage, reason: "closed" })

/**
 * Servers by name. `cut` is asked at each connection; a request that has arrived is carried out even if the reply is
 * lost.
 */
export const transportTo = (
  peers: Readonly<Record<string, Peer>>,
  cut: (server: string) => Cut | undefined = () => undefined
) => {
  const sent: Array<{ readonly server: string; readonly line: string }> = []
  let open = 0
  let most = 0
  const layer = Layer.succeed(Transport, {
    connect: ({ name }) =>
      Effect.gen(function* () {
        const peer = Object.hasOwn(peers, name) ? peers[name] : undefined
        if (peer === undefined) return yield* unreachable(name, "connect")
        const lost = cut(name)
        if (lost?.at === "connect") return yield* unreachable(name, "connect")
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            open++
            most = Math.max(most, open)
          }),
          () =>
            Effect.sync(() => {
              open--
            })
        )
        let lines = 0
        const wire: Wire = {
          exchange: (line) =>
            Effect.gen(function* () {
              const number = lines++
              if (lost?.line === number && lost.at === "request") return yield* unreachable(name, "request")
              const text = Redacted.value(line).trimEnd()
              sent.push({ server: name, line: text })
              const answer = Effect.map(peer(text), (answer) => Buffer.from(answer))
              if (lost?.line !== number || lost.at !== "reply") return yield* answer as Effect.Effect<Buffer>
              yield* Effect.ignore(answer)
              return yield* unreachable(name, "reply")
            })
        }
        return wire
      })
  })
  return { layer, sent, most: () => most, open: () => open }
}

export interface Progress {
  readonly server: string
  readonly stage: Stage["_tag"]
}

export const usual: Options = { dryRun: false, agreed: new Set() }

/** Runs a sync; records its progress and its questions. */
export const delivered = (
  deliveries: ReadonlyArray<Delivery>,
  options: Partial<Options> = {},
  consent: boolean | "never" = "never"
) => {
  const progress: Array<Progress> = []
  const asked: Array<ReadonlyArray<Removal>> = []
  const ended: Array<Result> = []
  return Effect.map(
    sync(
      deliveries,
      { ...usual, ...options },
      {
        onStage: ({ target }, { _tag }) =>
          Effect.sync(() => progress.push({ server: target.name, stage: _tag })),
        onResult: (result) => Effect.sync(() => ended.push(result)),
        consent: (removals) => {
          asked.push(removals)
          return consent === "never" ? Effect.dieMessage("nobody is to be asked") : Effect.succeed(consent)
        }
      }
    ),
    (results) => ({ results, progress, asked, ended })
  )
}
