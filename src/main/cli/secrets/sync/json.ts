import * as Either from "effect/Either"
import type { Delivery, Result, Stage } from "../../../../programs/sync/delivery.ts"
import { failureToJson } from "../../servers/failures.ts"
import type { Board } from "./board.ts"

const placeOf = ({ parcel, target }: Delivery) => ({
  environment: parcel.environment,
  server: target.name,
  app: parcel.app
})

const stages: { readonly [S in Stage["_tag"]]: string } = {
  Waiting: "wait",
  Connecting: "connect",
  Checking: "check",
  Sending: "send",
  Rolling: "roll",
  Draining: "drain"
}

const line = (value: object): string => `${JSON.stringify(value)}\n`

export const jsonStage = (delivery: Delivery, stage: Stage): string =>
  line({
    event: "stage",
    ...placeOf(delivery),
    stage: stages[stage._tag],
    ...(stage._tag === "Rolling" ? { ready: stage.ready, instances: stage.instances } : {})
  })

export const jsonEnded = (board: Board, { delivery, outcome }: Result): string => {
  const millis = board.lines().find((one) => one.delivery === delivery)?.millis ?? 0
  return line({
    event: "ended",
    ...placeOf(delivery),
    ...Either.match(outcome, {
      onLeft: failureToJson,
      onRight: ({ state, revision, instances, added, changed, removed }) => ({
        state,
        revision,
        instances,
        added,
        changed,
        removed
      })
    }),
    seconds: millis / 1000
  })
}

export const jsonSummary = (results: ReadonlyArray<Result>, millis: number): string => {
  const failed = results.filter(({ outcome }) => Either.isLeft(outcome)).length
  return line({
    event: "summary",
    deliveries: results.length,
    done: results.length - failed,
    failed,
    seconds: millis / 1000
  })
}
