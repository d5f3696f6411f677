import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { Health } from "../../services/health/health.ts"

/** "foreign": what listens there is another user's. */
export type Finding = "well" | "unwell" | "foreign"

/** How the instance on this port is; `isDoubtful` where somebody else may listen there by now. */
export type Checkup = (port: number, isDoubtful?: boolean) => Effect.Effect<Finding>

/**
 * For one instance. Whether it knows the question is settled by its first answer: one that echoes its token is asked from
 * then on, one that answers anything else is well as long as its port accepts. The token goes to nobody but the user whose
 * instance it is.
 */
export const checkup = (
  token: Redacted.Redacted<string>,
  listensAs: number | undefined
): Effect.Effect<Checkup, never, Health> =>
  Effect.map(Health, (health) => {
    let knows: boolean | undefined
    let isOurs = listensAs === undefined
    const listener = (port: number): Effect.Effect<"ours" | "foreign" | "nobody"> =>
      isOurs
        ? Effect.succeed("ours")
        : Effect.map(health.listeners(port), (users) => {
            if (users === "unknown") return "ours"
            if (users.size === 0) return "nobody"
            isOurs = [...users].every((user) => user === listensAs)
            return isOurs ? "ours" : "foreign"
          })
    const answer = (port: number): Effect.Effect<boolean> =>
      knows === false
        ? health.accepts(port)
        : Effect.map(health.ask({ port, token }), (answer) => {
            if (knows === undefined && (answer === "healthy" || answer === "other"))
              knows = answer === "healthy"
            return answer === "healthy" || (answer === "other" && knows === false)
          })
    const doubt = () => {
      isOurs = listensAs === undefined
    }
    return (port, isDoubtful = false) =>
      Effect.suspend(() => {
        if (isDoubtful) doubt()
        return listener(port)
      }).pipe(
        Effect.flatMap((whose) => {
          if (whose !== "ours") return Effect.succeed(whose === "foreign" ? "foreign" : "unwell")
          return Effect.map(answer(port), (isWell): Finding => {
            // It may have closed its port, which is anybody's then.
            if (!isWell) doubt()
            return isWell ? "well" : "unwell"
          })
        })
      )
  })
