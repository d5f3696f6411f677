import * as Effect from "effect/Effect"
import { Declined } from "../../../domain/errors/user.ts"
import { remove } from "../../../programs/apps/change.ts"
import { claim } from "../claim.ts"
import { leaf } from "../command.ts"
import { agreed, environmentFlag } from "../names.ts"
import { jsonFlag } from "../output.ts"
import { flag } from "../parameters.ts"
import { tellOutcomes, toldWhenInterrupted } from "./outcomes.ts"
import { appArgument, appToChange, serverFlag } from "./which.ts"

export const rm = leaf(
  "rm",
  {
    aliases: ["remove", "delete"],
    summary: "Stop an app and delete it on its servers, with its secrets there",
    description:
      "The server forgets its releases, its secrets and its output. Its audit trail and its own folder stay; so do the secrets of the project.",
    example: "tako apps rm shop/staging --server local",
    arguments: { app: appArgument },
    flags: {
      environment: environmentFlag,
      server: serverFlag,
      yes: flag.boolean("yes", { short: "y", summary: "Do not ask" }),
      json: jsonFlag
    }
  },
  (input) =>
    Effect.gen(function* () {
      const { app, targets, names } = yield* appToChange(input)
      const question = `Stop ${app} and delete it on ${names}, with its secrets there?`
      if (!(yield* agreed(question, input.yes))) return yield* new Declined()
      const outcomes = yield* toldWhenInterrupted(app)(remove(targets, app, { by: yield* claim }))
      return yield* tellOutcomes(outcomes, {
        json: input.json,
        sentence: (server) => `${server}: ${app} is deleted`
      })
    })
)
