import * as Effect from "effect/Effect"
import type { AppName } from "../../domain/app/app-name.ts"
import type { Revision } from "../../domain/app/release.ts"
import type { AppStatus } from "../../domain/protocol/replies.ts"
import type { Target } from "../../domain/server/target.ts"
import { connect } from "../client/client.ts"
import type { Stage } from "./delivery.ts"

/** One that is quick needs no watching, which takes a connection of its own. */
const patience = "1500 millis"
const pace = "500 millis"

/** Tells how far a rollout is, until it is interrupted; a server that does not tell is not asked again. */
export const watchRollout = (
  target: Target,
  app: AppName,
  before: Revision | 0,
  tell: (stage: Stage) => Effect.Effect<void>
) =>
  Effect.sleep(patience).pipe(
    Effect.zipRight(
      Effect.scoped(
        Effect.flatMap(connect(target), ({ call }) => {
          let last = ""
          return call({ command: "status", app }).pipe(
            Effect.flatMap((status) => {
              const stage = stageOf(status, before)
              const now = JSON.stringify(stage)
              if (stage === undefined || now === last) return Effect.void
              last = now
              return tell(stage)
            }),
            Effect.zipRight(Effect.sleep(pace)),
            Effect.forever
          )
        })
      )
    ),
    Effect.catchAll(() => Effect.never)
  )

const stageOf = ({ instances, instance_list, revision }: AppStatus, before: number): Stage | undefined => {
  if (revision !== null && revision > before) return { _tag: "Draining" }
  const fresh = instance_list.filter((one) => one.revision !== null && one.revision > before)
  if (fresh.length === 0) return undefined
  const ready = fresh.filter(
    ({ phase, port }) => phase === "healthy" || (phase === "starting" && port !== null)
  )
  return { _tag: "Rolling", ready: ready.length, instances: Math.max(instances, fresh.length) }
}
