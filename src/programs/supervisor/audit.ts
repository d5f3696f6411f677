import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { AuditEntry, AuditOutcome } from "../../domain/app/audit.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { ServerState } from "../../services/server-state/server-state.ts"
import { type App, instantNow } from "./supervisor.ts"

type Facts = Omit<AuditEntry, "at" | "outcome" | "reason" | "verified">

/**
 * Leaves a line before it begins, without which it does not begin, and one about its end. The second of them may be missing:
 * what has happened is not undone for it.
 */
export const audited = <A, E extends Error, R>(
  app: App,
  facts: Facts,
  change: Effect.Effect<A, E, R>,
  outcomeOf: (a: A) => AuditOutcome = () => "done"
) =>
  Effect.gen(function* () {
    const state = yield* ServerState
    const record = (outcome: AuditOutcome, reason?: string) =>
      Effect.flatMap(instantNow, (at) =>
        state.record(app.name, { at, outcome, ...facts, ...omitUndefined({ reason }) })
      )
    yield* record("started")
    return yield* Effect.onExit(change, (exit) => {
      const reason = Exit.isFailure(exit) ? reasonOf(exit.cause) : undefined
      const outcome = Exit.isSuccess(exit) ? outcomeOf(exit.value) : "failed"
      const log = Exit.isSuccess(exit) ? Effect.logInfo("app changed") : Effect.logWarning("app not changed")
      const { action, revision, release, instances } = facts
      return Effect.zipRight(
        Effect.annotateLogs(log, {
          app: app.name,
          action,
          outcome,
          ...omitUndefined({ revision, release, instances })
        }),
        Effect.ignore(record(outcome, reason))
      )
    })
  })

/** In the words of the error, without the lines that the app has written. */
const reasonOf = (cause: Cause.Cause<Error>): string =>
  Option.match(Cause.failureOption(cause), {
    onNone: () => (Cause.isInterrupted(cause) ? "the server was stopped" : "a bug of tako-server"),
    onSome: (error) =>
      "reason" in error && typeof error.reason === "string" && "output" in error
        ? error.reason
        : (error.message.split("\n")[0] ?? "")
  })
