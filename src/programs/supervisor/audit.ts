import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { AuditEntry, AuditOutcome } from "../../domain/app/audit.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { ServerState } from "../../services/server-state/server-state.ts"
import { type App, timestamp } from "./supervisor.ts"

type Facts = Omit<AuditEntry, "at" | "outcome" | "reason" | "verified">

/**
 * Records a change in the audit trail when it starts and when it ends. A change does not start unless it can be recorded;
 * one that is done stays done even if its end cannot be recorded.
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
      Effect.flatMap(timestamp, (at) =>
        state.record(app.name, { at, outcome, ...facts, ...omitUndefined({ reason }) })
      )
    yield* record("started")
    return yield* Effect.onExit(change, (exit) => {
      const reason = Exit.isFailure(exit) ? reasonOf(exit.cause) : undefined
      const outcome = Exit.isSuccess(exit) ? outcomeOf(exit.value) : "failed"
      const log = Exit.isSuccess(exit)
        ? Effect.logInfo("app changed")
        : Effect.logWarning("app change failed")
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

/** The error's own words. The app's output stays out of the trail. */
const reasonOf = (cause: Cause.Cause<Error>): string =>
  Option.match(Cause.failureOption(cause), {
    onNone: () => (Cause.isInterrupted(cause) ? "the server was stopped" : "a bug in tako-server"),
    onSome: (error) =>
      "reason" in error && typeof error.reason === "string" && "output" in error
        ? error.reason
        : (error.message.split("\n")[0] ?? "")
  })
