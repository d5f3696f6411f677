import * as Assert from "node:assert/strict"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Response from "../../domain/protocol/replies.ts"
import type { Contract } from "../contract.ts"
import { type Handler, Management } from "./management.ts"

const canary = "c4nary-value"
const status = '{"command":"status","app":"a/b"}'

/** A request that {@link handler} answers, and its answer. */
export const list = '{"command":"list"}'
export const answered = '{"status":"ok","data":{"apps":[]}}\n'

/** Answers `list`; throws on `status`, with a value in the message. */
export const handler: Handler = (request) =>
  request.command === "status"
    ? Effect.die(new Error(canary))
    : Effect.succeed(Response.ok<"list">({ apps: [] }))

/**
 * What every Management must do. `send` sends a line, given without its newline, to the server as a new client, and returns the
 * answer with its newline: nothing if the server ends first.
 */
export const contractOf = <R>(
  send: (line: string) => Effect.Effect<string, never, R>
): Contract<Management | R> => [
  {
    name: "answers a request, and an invalid one with a sentence",
    run: Effect.gen(function* () {
      yield* (yield* Management).serve(handler)
      Assert.equal(yield* send(list), answered)
      Assert.match(yield* send('{"command":"lst"}'), /did you mean list\?/)
      Assert.match(yield* send("garbage"), /^\{"status":"error","message":"/)
      Assert.equal(yield* send(list), answered)
    })
  },

  {
    name: "survives a bug in a handler, and reveals nothing of it",
    run: Effect.gen(function* () {
      yield* (yield* Management).serve(handler)
      const answer = yield* send(status)
      Assert.match(answer, /"status":"error"/)
      Assert.ok(!answer.includes(canary))
      Assert.equal(yield* send(list), answered)
    })
  },

  {
    name: "answers one client while the handler of another still runs",
    run: Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const finish = yield* Deferred.make<void>()
      yield* (yield* Management).serve((request) =>
        request.command === "status"
          ? Effect.as(
              Effect.zipRight(Deferred.succeed(begun, undefined), Deferred.await(finish)),
              Response.error("late")
            )
          : handler(request)
      )
      const slow = yield* Effect.fork(send(status))
      yield* Deferred.await(begun)
      Assert.equal(yield* send(list), answered)
      yield* Deferred.succeed(finish, undefined)
      Assert.match(yield* Fiber.join(slow), /late/)
    })
  },

  {
    name: "leaves a server that is running alone",
    run: Effect.gen(function* () {
      const { serve } = yield* Management
      yield* serve(handler)
      const error = yield* Effect.flip(Effect.scoped(serve(() => Effect.never)))
      Assert.ok(error._tag === "SocketRefused")
      Assert.equal(error.problem, "taken")
      Assert.equal(yield* send(list), answered)
    })
  },

  {
    name: "interrupts handlers and ends their clients when its scope closes, and can then serve again",
    run: Effect.gen(function* () {
      const { serve } = yield* Management
      const scope = yield* Scope.make()
      const begun = yield* Deferred.make<void>()
      const interrupted = yield* Deferred.make<void>()
      const forever: Handler = () =>
        Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never).pipe(
          Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
        )
      yield* Scope.extend(serve(forever), scope)
      const client = yield* Effect.fork(send(list))
      yield* Deferred.await(begun)
      yield* Scope.close(scope, Exit.void)
      yield* Deferred.await(interrupted)
      Assert.equal(yield* Fiber.join(client), "")
      yield* serve(handler)
      Assert.equal(yield* send(list), answered)
    })
  }
]
