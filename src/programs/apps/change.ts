import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AppName } from "../../domain/app/app-name.ts"
import type { ReplyOf } from "../../domain/protocol/replies.ts"
import type { Command, RequestOf } from "../../domain/protocol/requests.ts"
import type { Target } from "../../domain/server/target.ts"
import type { Server } from "../client/client.ts"
import { onEach } from "./on-each.ts"

/** Who changes it, as the servers' audit trails have it: 1 to 256 characters. */
export interface Claim {
  readonly by: string
}

/** What a server answered, and how many milliseconds that took. */
export interface Done<out A> {
  readonly reply: A
  readonly millis: number
}

/** So many instances on each server: 1 to 1000; an app that was stopped is started. */
export const scale = (targets: ReadonlyArray<Target>, app: AppName, instances: number, { by }: Claim) =>
  onEach(targets, (server) => timed(server, { command: "scale", app, instances, by }))

/** Other instances of what runs, with no gap; an app that was stopped is started. */
export const restart = (targets: ReadonlyArray<Target>, app: AppName, { by }: Claim) =>
  onEach(targets, (server) => timed(server, { command: "restart", app, by }))

/** No instances and no front, until it is deployed, scaled or rolled back again. */
export const stop = (targets: ReadonlyArray<Target>, app: AppName, { by }: Claim) =>
  onEach(targets, (server) => timed(server, { command: "stop", app, by }))

/** Stops it, and forgets it with its secrets and its output. */
export const remove = (targets: ReadonlyArray<Target>, app: AppName, { by }: Claim) =>
  onEach(targets, (server) => timed(server, { command: "delete", app, by }))

/** To a release that each server has kept; without one, to the one before. */
export const rollback = (
  targets: ReadonlyArray<Target>,
  app: AppName,
  release: Option.Option<number>,
  { by }: Claim
) =>
  onEach(targets, (server) =>
    timed(server, {
      command: "rollback",
      app,
      by,
      ...Option.match(release, { onNone: () => ({}), onSome: (release) => ({ release }) })
    })
  )

export const timed = <C extends Command>(server: Server, request: RequestOf<C> & { readonly command: C }) =>
  Effect.gen(function* () {
    const before = yield* Clock.currentTimeMillis
    const reply: ReplyOf<C> = yield* server.call<C>(request)
    return { reply, millis: (yield* Clock.currentTimeMillis) - before } satisfies Done<ReplyOf<C>>
  })
