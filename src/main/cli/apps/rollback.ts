import * as Effect from "effect/Effect"
import { rollback as rollBack } from "../../../programs/apps/change.ts"
import { claim } from "../claim.ts"
import { leaf } from "../command.ts"
import { environmentFlag } from "../names.ts"
import { counted, jsonFlag, say } from "../output.ts"
import { flag } from "../parameters.ts"
import { optionalNumber } from "./count.ts"
import { seconds, tellOutcomes, toldWhenInterrupted } from "./outcomes.ts"
import { appArgument, appToChange, serverFlag } from "./which.ts"

export const rollback = leaf(
  "rollback",
  {
    summary: "Back to an earlier release, with the secrets that it had",
    description:
      "Without --release: to the one before. Which there are, and with which revision of the secrets, says tako status APP.",
    example: "tako apps rollback shop/production --release 3",
    arguments: { app: appArgument },
    flags: {
      environment: environmentFlag,
      server: serverFlag,
      release: flag.text("release", { value: "NUMBER", summary: "To this one" }),
      json: jsonFlag
    }
  },
  (input) =>
    Effect.gen(function* () {
      const release = yield* optionalNumber("--release", input.release, 1, Number.MAX_SAFE_INTEGER)
      const { app, targets, names } = yield* appToChange(input)
      if (!input.json) yield* say(`Rolling ${app} back on ${names} …`)
      const by = yield* claim
      const outcomes = yield* toldWhenInterrupted(app)(rollBack(targets, app, release, { by }))
      return yield* tellOutcomes(outcomes, {
        json: input.json,
        sentence: (server, { reply, millis }) => {
          const secrets = reply.revision === null ? "" : `, revision ${reply.revision} of its secrets`
          const count = counted(reply.instances, "instance")
          return `${server}: ${app} is back at release ${reply.release}${secrets}: ${count}, after ${seconds(millis)}`
        }
      })
    })
)
