import * as Effect from "effect/Effect"
import { stop as stopOn } from "../../../programs/apps/change.ts"
import { claim } from "../claim.ts"
import { leaf } from "../command.ts"
import { environmentFlag } from "../names.ts"
import { jsonFlag } from "../output.ts"
import { tellOutcomes, toldWhenInterrupted } from "./outcomes.ts"
import { appArgument, appToChange, serverFlag } from "./which.ts"

export const stop = leaf(
  "stop",
  {
    summary: "End all instances of an app; its secrets and releases stay",
    example: "tako apps stop shop/production",
    arguments: { app: appArgument },
    flags: { environment: environmentFlag, server: serverFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const { app, targets } = yield* appToChange(input)
      const outcomes = yield* toldWhenInterrupted(app)(stopOn(targets, app, { by: yield* claim }))
      return yield* tellOutcomes(outcomes, {
        json: input.json,
        sentence: (server) => `${server}: ${app} is stopped. To start it: tako apps restart ${app}`
      })
    })
)
