import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { scale as scaleOn } from "../../../programs/apps/change.ts"
import { claim } from "../claim.ts"
import { leaf } from "../command.ts"
import { environmentFlag } from "../names.ts"
import { counted, jsonFlag } from "../output.ts"
import { argument } from "../parameters.ts"
import { mostInstances, wholeNumber } from "./count.ts"
import { tellOutcomes, toldWhenInterrupted } from "./outcomes.ts"
import { appArgument, appToChange, serverFlag } from "./which.ts"

export const scale = leaf(
  "scale",
  {
    summary: "More or fewer instances; starts an app that was stopped",
    example: "tako apps scale 3 shop/production",
    arguments: { count: argument.text("COUNT", { summary: "How many" }), app: appArgument },
    flags: { environment: environmentFlag, server: serverFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const { count, app: name } = inEitherOrder(input)
      const instances = yield* wholeNumber("COUNT", count, 1, mostInstances, hintOf(count))
      const { app, targets } = yield* appToChange({ ...input, app: name })
      const by = yield* claim
      const outcomes = yield* toldWhenInterrupted(app)(scaleOn(targets, app, instances, { by }))
      return yield* tellOutcomes(outcomes, {
        json: input.json,
        sentence: (server, { reply }) => `${server}: ${app} runs with ${counted(reply.instances, "instance")}`
      })
    })
)

const hintOf = (count: string): string | undefined =>
  /^0+$/.test(count) ? "To have none: tako apps stop" : undefined

/** An app's name begins with a letter, so that it is told from a count wherever it stands. */
const inEitherOrder = ({ count, app }: { readonly count: string; readonly app: Option.Option<string> }) =>
  Option.isSome(app) && /^\d+$/.test(app.value)
    ? { count: app.value, app: Option.some(count) }
    : { count, app }
