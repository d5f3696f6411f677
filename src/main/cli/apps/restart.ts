import * as Effect from "effect/Effect"
import { restart as restartOn } from "../../../programs/apps/change.ts"
import { claim } from "../claim.ts"
import { leaf } from "../command.ts"
import { environmentFlag } from "../names.ts"
import { counted, jsonFlag, say } from "../output.ts"
import { seconds, tellOutcomes, toldWhenInterrupted } from "./outcomes.ts"
import { appArgument, appToChange, serverFlag } from "./which.ts"

export const restart = leaf(
  "restart",
  {
    summary: "Other instances of what runs, with no gap; starts an app that was stopped",
    example: "tako apps restart shop/production",
    arguments: { app: appArgument },
    flags: { environment: environmentFlag, server: serverFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const { app, targets, names } = yield* appToChange(input)
      if (!input.json) yield* say(`Restarting ${app} on ${names} …`)
      const outcomes = yield* toldWhenInterrupted(app)(restartOn(targets, app, { by: yield* claim }))
      return yield* tellOutcomes(outcomes, {
        json: input.json,
        sentence: (server, { reply, millis }) =>
          `${server}: ${app} has ${counted(reply.instances, "new instance")}, after ${seconds(millis)}`
      })
    })
)
