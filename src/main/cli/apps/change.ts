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
import { confirmed } from "../prompts.ts"
import { appArgument, appToChange, serverFlag } from "./choose-app.ts"
import {
  mostInstances,
  noteWhenInterrupted,
  optionalNumber,
  reportOutcomes,
  requestedBy,
  seconds,
  wholeNumber
} from "./report.ts"

export const scale = leaf(
  "scale",
  {
    summary: "Change how many instances of an app run; starts a stopped app",
    example: "tako apps scale 3 shop/production",
    arguments: { count: argument.text("COUNT", { summary: "How many instances" }), app: appArgument },
    flags: { environment: environmentFlag, server: serverFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const { count, app: name } = inEitherOrder(input)
      const instances = yield* wholeNumber("COUNT", count, 1, mostInstances, hintOf(count))
      const { app, targets } = yield* appToChange({ ...input, app: name })
      const by = yield* requestedBy
      const outcomes = yield* noteWhenInterrupted(app)(scaleOn(targets, app, instances, { by }))
      return yield* reportOutcomes(outcomes, {
        json: input.json,
        sentence: (server, { reply }) => `${server}: ${app} runs with ${counted(reply.instances, "instance")}`
      })
    })
)

const hintOf = (count: string): string | undefined =>
  /^0+$/.test(count) ? "To run none: tako apps stop" : undefined

/** An app's name begins with a letter, so a count is recognized in either place. */
const inEitherOrder = ({ count, app }: { readonly count: string; readonly app: Option.Option<string> }) =>
  Option.isSome(app) && /^\d+$/.test(app.value)
    ? { count: app.value, app: Option.some(count) }
    : { count, app }

export const restart = leaf(
  "restart",
  {
    summary: "Replace running instances without downtime; starts a stopped app",
    example: "tako apps restart shop/production",
    arguments: { app: appArgument },
    flags: { environment: environmentFlag, server: serverFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const { app, targets, names } = yield* appToChange(input)
      if (!input.json) yield* say(`Restarting ${app} on ${names} …`)
      const outcomes = yield* noteWhenInterrupted(app)(restartOn(targets, app, { by: yield* requestedBy }))
      return yield* reportOutcomes(outcomes, {
        json: input.json,
        sentence: (server, { reply, millis }) =>
          `${server}: ${app} has ${counted(reply.instances, "new instance")}, after ${seconds(millis)}`
      })
    })
)

export const rollback = leaf(
  "rollback",
  {
    summary: "Go back to an earlier release, with the secrets it had",
    description:
      "Without --release: the one before the current one. tako status APP lists the releases and the revision of their secrets.",
    example: "tako apps rollback shop/production --release 3",
    arguments: { app: appArgument },
    flags: {
      environment: environmentFlag,
      server: serverFlag,
      release: flag.text("release", { value: "NUMBER", summary: "Go back to this release" }),
      json: jsonFlag
    }
  },
  (input) =>
    Effect.gen(function* () {
      const release = yield* optionalNumber("--release", input.release, 1, Number.MAX_SAFE_INTEGER)
      const { app, targets, names } = yield* appToChange(input)
      if (!input.json) yield* say(`Rolling ${app} back on ${names} …`)
      const by = yield* requestedBy
      const outcomes = yield* noteWhenInterrupted(app)(rollBack(targets, app, release, { by }))
      return yield* reportOutcomes(outcomes, {
        json: input.json,
        sentence: (server, { reply, millis }) => {
          const secrets = reply.revision === null ? "" : `, revision ${reply.revision} of its secrets`
          const count = counted(reply.instances, "instance")
          return `${server}: ${app} is back at release ${reply.release}${secrets}, with ${count}, after ${seconds(millis)}`
        }
      })
    })
)

export const stop = leaf(
  "stop",
  {
    summary: "Stop all instances of an app; its secrets and releases stay",
    example: "tako apps stop shop/production",
    arguments: { app: appArgument },
    flags: { environment: environmentFlag, server: serverFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const { app, targets } = yield* appToChange(input)
      const outcomes = yield* noteWhenInterrupted(app)(stopOn(targets, app, { by: yield* requestedBy }))
      return yield* reportOutcomes(outcomes, {
        json: input.json,
        sentence: (server) => `${server}: ${app} is stopped. To start it: tako apps restart ${app}`
      })
    })
)

export const rm = leaf(
  "rm",
  {
    aliases: ["remove", "delete"],
    summary: "Delete an app and its secrets from its servers",
    description:
      "Stops the app and deletes its releases, secrets and output on the server. The audit trail and the app's own folder stay, as do the secrets in this project.",
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
      const question = `Stop ${app} and delete it from ${names}, with its secrets there?`
      if (!(yield* confirmed(question, input.yes))) return yield* new Declined()
      const outcomes = yield* noteWhenInterrupted(app)(remove(targets, app, { by: yield* requestedBy }))
      return yield* reportOutcomes(outcomes, {
        json: input.json,
        sentence: (server) => `${server}: ${app} is deleted`
      })
    })
)
