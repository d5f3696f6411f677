import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Usage } from "../../../../domain/errors/user.ts"
import { isKeyId, type KeyId } from "../../../../domain/key.ts"
import * as Layers from "../../../layers.ts"
import { claim } from "../../apps/report.ts"
import { flag, leaf } from "../../command.ts"
import { environmentFlag, givenEnvironment } from "../../names.ts"
import { jsonFlag } from "../../output.ts"
import type { Request, Surroundings } from "./deliver.ts"

export const sync = leaf(
  "sync",
  {
    summary: "Send an environment's secrets to its servers, and roll them out",
    description:
      'Which servers an environment has, tako.toml says: [envs.production] servers = ["la"]; where they are, tako servers ls. Without --env, every environment that has servers.\n\nEverything is opened first: one value that does not open, and nothing is sent anywhere. Each app goes on with its old secrets until new instances have proved the new ones. Exits 5 when a server failed; the others are done, and the same command sends what is missing.',
    example: "tako secrets sync --env production",
    flags: {
      environment: environmentFlag,
      server: flag.text("server", {
        short: "s",
        value: "NAME",
        holds: "server",
        summary: "This server alone; local is the one on this machine"
      }),
      dryRun: flag.boolean("dry-run", { short: "n", summary: "Only tell what would change" }),
      previousKey: flag.text("previous-key", {
        value: "ID",
        summary: "A key that servers may know the app by: it was rotated on another machine"
      }),
      yes: flag.boolean("yes", { short: "y", summary: "Do not ask before servers lose secrets" }),
      json: jsonFlag
    }
  },
  (input) =>
    Effect.gen(function* () {
      const environment = yield* givenEnvironment(input.environment)
      const previousKey = yield* checkKeyId(input.previousKey)
      const { carryOut } = yield* Effect.promise(() => import("./deliver.ts"))
      const agreed = input.yes ? ("all" as const) : new Set<never>()
      return yield* carryOut({ ...input, environment, previousKey, agreed }, surroundings)
    })
)

const checkKeyId = (given: Option.Option<string>): Effect.Effect<Option.Option<KeyId>, Usage> => {
  const ids = Option.filter(given, isKeyId)
  if (Option.isSome(given) && Option.isNone(ids)) {
    return new Usage({
      problem: "--previous-key takes the id of a key: 16 of 0-9 and a-f, as the error shows it."
    })
  }
  return Effect.succeed(ids)
}

/** Of the commands that change what is synced. */
export const syncFlag = flag.boolean("sync", {
  summary: "Send the secrets to the environment's servers then"
})

const none = { server: Option.none(), dryRun: false, json: false, previousKey: Option.none() } as const

type Where = Pick<Request, "environment" | "among">

/** Before anything is changed: whether there will be somewhere to sync to. */
export const canSync = (where: Where) =>
  Effect.flatMap(
    Effect.promise(() => import("./deliver.ts")),
    ({ chooseTargets }) => Effect.asVoid(chooseTargets({ ...none, ...where }))
  ).pipe(Effect.provide(Layers.knownServers))

/** What `tako secrets sync` does, after another command; with its exit code. */
export const syncAfter = (request: Where & Pick<Request, "agreed">) =>
  Effect.flatMap(
    Effect.promise(() => import("./deliver.ts")),
    ({ carryOut }) => carryOut({ ...none, ...request }, surroundings)
  ).pipe(Effect.provide(Layers.knownServers))

// Asked for only where something is drawn: it costs the start a few milliseconds.
const size = () => {
  const { stderr } = process
  return { columns: stderr.columns ?? 80, rows: stderr.rows ?? 24 }
}

/** What connections throw away is short-lived; V8 lets the space for it grow, to 124 MiB for 200 servers instead of 107. */
const sparing = Layer.effectDiscard(
  Effect.promise(async () => (await import("node:v8")).setFlagsFromString("--semi-space-growth-factor=1"))
)

/** This process's: its terminal, its user, and servers wherever they are. */
export const surroundings: Surroundings = {
  by: claim,
  get canDraw() {
    return process.env.TERM !== "dumb"
  },
  size,
  transport: Layer.provide(Layers.transport, sparing)
}
