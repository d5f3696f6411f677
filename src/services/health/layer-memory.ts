import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Answer, Health } from "./health.ts"

/** Controls what listens on ports. */
export class HealthControl extends Context.Tag("tako/HealthControl")<
  HealthControl,
  {
    /** Sets the result of checks of this port, "healthy" by default. */
    readonly answer: (port: number, answer: Answer) => Effect.Effect<void>
    /** Sets the users that listen on this port, "unknown" by default. */
    readonly listen: (port: number, users: ReadonlyArray<number>) => Effect.Effect<void>
  }
>() {}

/** Works without a network. Every port is a healthy instance until {@link HealthControl} says otherwise. */
export const layerMemory: Layer.Layer<Health | HealthControl> = Layer.effectContext(
  Effect.sync(() => {
    const answers = new Map<number, Answer>()
    const users = new Map<number, ReadonlySet<number>>()
    let next = 50_000
    const answerOf = (port: number) => answers.get(port) ?? "healthy"
    return Context.make(Health, {
      check: ({ port }) => Effect.sync(() => answerOf(port)),
      accepts: (port) =>
        Effect.sync(() => {
          const answer = answerOf(port)
          return answer === "unchecked" ? answer : answer !== "refused" && answer !== "silent"
        }),
      listeners: (port) => Effect.sync(() => users.get(port) ?? "unknown"),
      freePort: Effect.sync(() => next++)
    }).pipe(
      Context.add(HealthControl, {
        answer: (port, answer) => Effect.sync(() => void answers.set(port, answer)),
        listen: (port, ids) => Effect.sync(() => void users.set(port, new Set(ids)))
      })
    )
  })
)
