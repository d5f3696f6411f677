import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AppName } from "../../domain/app/app-name.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { ReplyOf } from "../../domain/protocol/replies.ts"
import type { Command, RequestOf } from "../../domain/protocol/requests.ts"
import type { Target } from "../../domain/target.ts"
import { onEach, type Server } from "../client/client.ts"

/** Who makes a change, for the servers' audit trails: 1 to 256 characters. */
export interface Author {
  readonly by: string
}

/** A server's reply, and how long it took. */
export interface TimedReply<out A> {
  readonly reply: A
  readonly millis: number
}

/** Runs this many instances on each server, 1 to 1000. Starts an app that was stopped. */
export const scale = (targets: ReadonlyArray<Target>, app: AppName, instances: number, { by }: Author) =>
  onEach(targets, (server) => timed(server, { command: "scale", app, instances, by }))

/** Replaces running instances without downtime. Starts an app that was stopped. */
export const restart = (targets: ReadonlyArray<Target>, app: AppName, { by }: Author) =>
  onEach(targets, (server) => timed(server, { command: "restart", app, by }))

/** Ends all instances and closes the app's address, until it is deployed, scaled, restarted or rolled back. */
export const stop = (targets: ReadonlyArray<Target>, app: AppName, { by }: Author) =>
  onEach(targets, (server) => timed(server, { command: "stop", app, by }))

/** Stops the app and deletes it, with its secrets and its output. */
export const remove = (targets: ReadonlyArray<Target>, app: AppName, { by }: Author) =>
  onEach(targets, (server) => timed(server, { command: "delete", app, by }))

/** Goes back to a release that each server has kept, or to the one before the current one. */
export const rollback = (
  targets: ReadonlyArray<Target>,
  app: AppName,
  release: Option.Option<number>,
  { by }: Author
) =>
  onEach(targets, (server) =>
    timed(server, {
      command: "rollback",
      app,
      by,
      ...omitUndefined({ release: Option.getOrUndefined(release) })
    })
  )

export const timed = <C extends Command>(server: Server, request: RequestOf<C> & { readonly command: C }) =>
  Effect.gen(function* () {
    const before = yield* Clock.currentTimeMillis
    const reply: ReplyOf<C> = yield* server.call<C>(request)
    return { reply, millis: (yield* Clock.currentTimeMillis) - before } satisfies TimedReply<ReplyOf<C>>
  })
