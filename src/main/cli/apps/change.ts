import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Declined } from "../../../domain/errors/user.ts"
import {
  remove,
  restart as restartOn,
  rollback as rollBack,
  scale as scaleOn,
  stop as stopOn
} from "../../../programs/apps/change.ts"
import { argument, flag, leaf } from "../command.ts"
import { environmentFlag } from "../names.ts"
import { counted, jsonFlag, say } from "../output.ts"
import { agreed } from "../prompts.ts"
import { appArgument, appToChange, serverFlag } from "./choose-app.ts"
import {
  claim,
  mostInstances,
  optionalNumber,
  seconds,
  tellOutcomes,
  toldWhenInterrupted,
  wholeNumber
} from "./report.ts"

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
