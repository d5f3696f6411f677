import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { Health } from "../../services/health/health.ts"

/** "foreign": what listens there is another user's. "unasked": it could not be told, for want of something of ours. */
export type Finding = "well" | "unwell" | "foreign" | "unasked"

/** How the instance on this port is. */
export type Checkup = (port: number) => Effect.Effect<Finding>

/**
 * For one instance. Whether it knows the question is retryIfRotated by its first answer: one that echoes its token is asked from
 * then on, one that answers anything else is well as long as its port accepts. Each time, the port has to be its user's
 * still: one that it has let go of is anybody's. The token goes to nobody else.
 */
export const checkup = (
  token: Redacted.Redacted<string>,
  listensAs: number | undefined
): Effect.Effect<Checkup, never, Health> =>
  Effect.map(Health, (health) => {
    let knows: boolean | undefined
    const answer = (port: number): Effect.Effect<Finding> =>
      knows === false
        ? Effect.map(health.accepts(port), (accepts) =>
            accepts === "unasked" ? accepts : accepts ? "well" : "unwell"
          )
        : Effect.map(health.ask({ port, token }), (answer) => {
            if (answer === "unasked") return answer
            if (knows === undefined && (answer === "healthy" || answer === "other"))
              knows = answer === "healthy"
            return answer === "healthy" || (answer === "other" && knows === false) ? "well" : "unwell"
          })
    return (port) =>
      listensAs === undefined
        ? answer(port)
        : Effect.flatMap(health.listeners(port), (users): Effect.Effect<Finding> => {
            if (users === "unasked") return Effect.succeed(users)
            if (users === "unknown") return answer(port)
            if (users.size === 0) return Effect.succeed("unwell")
            return [...users].every((user) => user === listensAs) ? answer(port) : Effect.succeed("foreign")
          })
  })
