import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Backend, Front } from "./balancer.ts"
import type { Member, Rotation } from "./rotation.ts"

/** How often one that has refused a connection is looked at. */
const pace: Duration.DurationInput = "200 millis"

/** Whenever the backend has refused a connection: adds it again as soon as it is there, which `isThere` tells. */
export const takeBack = (
  front: Front,
  backend: Backend,
  isThere: Effect.Effect<boolean>
): Effect.Effect<never> => {
  const isBack = Effect.zipRight(Effect.sleep(pace), isThere)
  const isRefused = Effect.map(front.backends, (all) =>
    all.some(({ id, state }) => id === backend.id && state === "refused")
  )
  return front.refused(backend).pipe(
    Effect.zipRight(Effect.repeat(isBack, { until: (isBack) => isBack })),
    // It may have been told to drain meanwhile.
    Effect.zipRight(Effect.whenEffect(front.add(backend), isRefused)),
    Effect.forever
  )
}

export const untilRefused = <M extends Member>(
  rotation: Rotation<M>,
  backend: Backend
): Effect.Effect<void> =>
  Effect.async((resume) => {
    const member = rotation.find(backend)
    if (member?.state === "refused") return resume(Effect.void)
    const stop = member?.onRefused(() => resume(Effect.void))
    return Effect.sync(() => stop?.())
  })
