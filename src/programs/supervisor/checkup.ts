import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { Health } from "../../services/health/health.ts"

/**
 * What a checkup found. "foreign": another user's process listens on the port. "unchecked": this process had no descriptor,
 * memory or port left for the check.
 */
export type Finding = "healthy" | "unhealthy" | "foreign" | "unchecked"

/** Checks the instance on this port. */
export type Checkup = (port: number) => Effect.Effect<Finding>

/**
 * Creates the checkup of one instance. Its first response decides how it is checked: an instance that echoes its token has to
 * echo it every time; any other is healthy as long as its port accepts connections. Each time, the port must still belong to
 * the app's user: another process may have taken a port that the instance closed, and must not get the token.
 */
export const checkup = (
  token: Redacted.Redacted<string>,
  listensAs: number | undefined
): Effect.Effect<Checkup, never, Health> =>
  Effect.map(Health, (health) => {
    let echoes: boolean | undefined
    const answer = (port: number): Effect.Effect<Finding> =>
      echoes === false
        ? Effect.map(health.accepts(port), (accepts) =>
            accepts === "unchecked" ? accepts : accepts ? "healthy" : "unhealthy"
          )
        : Effect.map(health.check({ port, token }), (answer) => {
            if (answer === "unchecked") return answer
            if (echoes === undefined && (answer === "healthy" || answer === "other"))
              echoes = answer === "healthy"
            return answer === "healthy" || (answer === "other" && echoes === false) ? "healthy" : "unhealthy"
          })
    return (port) =>
      listensAs === undefined
        ? answer(port)
        : Effect.flatMap(health.listeners(port), (users): Effect.Effect<Finding> => {
            if (users === "unchecked") return Effect.succeed(users)
            if (users === "unknown") return answer(port)
            if (users.size === 0) return Effect.succeed("unhealthy")
            return [...users].every((user) => user === listensAs) ? answer(port) : Effect.succeed("foreign")
          })
  })
