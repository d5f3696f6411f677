import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AppName } from "../../../domain/app/app-name.ts"
import { Declined } from "../../../domain/errors/user.ts"
import type { Target } from "../../../domain/target.ts"
import {
  type Author,
  remove,
  restart as restartOn,
  rollback as rollBack,
  scale as scaleOn,
  stop as stopOn,
  type TimedReply
} from "../../../programs/apps/change.ts"
import type { Outcome } from "../../../programs/client/client.ts"
import { argument, flag, leaf } from "../command.ts"
import { environmentFlag } from "../names.ts"
import { counted, jsonFlag, say, seconds } from "../output.ts"
import { confirmed } from "../prompts.ts"
import { appArgument, appToChange, serverFlag } from "./choose-app.ts"
import {
  mostInstances,
  noteWhenInterrupted,
  optionalNumber,
  reportOutcomes,
  requestedBy,
  wholeNumber
} from "./report.ts"

const appFlags = { environment: environmentFlag, server: serverFlag, json: jsonFlag }

interface ChangeInput {
  readonly app: Option.Option<string>
  readonly environment: Option.Option<string>
  readonly server: Option.Option<string>
  readonly json: boolean
}

/** Chooses the app and its servers, changes it on each of them, and reports how that went. */
const changeApp = <A extends object, E, R, E2 = never, R2 = never>(
  input: ChangeInput,
  {
    prepare = () => Effect.void as Effect.Effect<void, E2, R2>,
    change,
    sentence
  }: {
    /** Announces the change, or asks whether to make it. `servers` are their names. */
    readonly prepare?: (app: AppName, servers: string) => Effect.Effect<void, E2, R2>
    readonly change: (
      targets: ReadonlyArray<Target>,
      app: AppName,
      author: Author
    ) => Effect.Effect<ReadonlyArray<Outcome<TimedReply<A>>>, E, R>
    readonly sentence: (app: AppName, done: TimedReply<A>) => string
  }
) =>
  Effect.gen(function* () {
    const { app, targets, names } = yield* appToChange(input)
    yield* prepare(app, names)
    const by = yield* requestedBy
    const outcomes = yield* noteWhenInterrupted(app)(change(targets, app, { by }))
    return yield* reportOutcomes(outcomes, {
      json: input.json,
      sentence: (server, done) => `${server}: ${sentence(app, done)}`
    })
  })

const announce = ({ json }: ChangeInput, text: string) => (json ? Effect.void : say(text))

export const scale = leaf(
  "scale",
  {
    summary: "Change how many instances of an app run; starts a stopped app",
    example: "tako apps scale 3 shop/production",
    arguments: {
      count: argument.text("COUNT", { summary: "The number of instances to run" }),
      app: appArgument
    },
    flags: appFlags
  },
  (input) =>
    Effect.gen(function* () {
      const { count, app } = inEitherOrder(input)
      const instances = yield* wholeNumber("COUNT", count, 1, mostInstances, hintOf(count))
      return yield* changeApp(
        { ...input, app },
        {
          change: (targets, app, author) => scaleOn(targets, app, instances, author),
          sentence: (app, { reply }) => `${app} runs with ${counted(reply.instances, "instance")}`
        }
      )
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
    flags: appFlags
  },
  (input) =>
    changeApp(input, {
      prepare: (app, servers) => announce(input, `Restarting ${app} on ${servers} …`),
      change: restartOn,
      sentence: (app, { reply, millis }) =>
        `${app} has ${counted(reply.instances, "new instance")}, after ${seconds(millis)}`
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
      ...appFlags,
      release: flag.text("release", { value: "NUMBER", summary: "Go back to this release" })
    }
  },
  (input) =>
    Effect.gen(function* () {
      const release = yield* optionalNumber("--release", input.release, 1, Number.MAX_SAFE_INTEGER)
      return yield* changeApp(input, {
        prepare: (app, servers) => announce(input, `Rolling ${app} back on ${servers} …`),
        change: (targets, app, author) => rollBack(targets, app, release, author),
        sentence: (app, { reply, millis }) => {
          const secrets = reply.revision === null ? "" : `, revision ${reply.revision} of its secrets`
          const count = counted(reply.instances, "instance")
          return `${app} is back at release ${reply.release}${secrets}, with ${count}, after ${seconds(millis)}`
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
    flags: appFlags
  },
  (input) =>
    changeApp(input, {
      change: stopOn,
      sentence: (app) => `${app} is stopped. To start it: tako apps restart ${app}`
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
    flags: { ...appFlags, yes: flag.boolean("yes", { short: "y", summary: "Do not ask" }) }
  },
  (input) =>
    changeApp(input, {
      prepare: (app, servers) =>
        Effect.filterOrFail(
          confirmed(`Stop ${app} and delete it from ${servers}, with its secrets there?`, input.yes),
          (agreed) => agreed,
          () => new Declined()
        ),
      change: remove,
      sentence: (app) => `${app} is deleted`
    })
)
