import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Usage } from "../../../../domain/errors/user.ts"
import { isKeyId, type KeyId } from "../../../../domain/key.ts"
import * as Layers from "../../../layers.ts"
import { requestedBy } from "../../apps/report.ts"
import { flag, leaf } from "../../command.ts"
import { environmentFlag, givenEnvironment } from "../../names.ts"
import { jsonFlag } from "../../output.ts"
import type { Request, SyncContext } from "./deliver.ts"

export const sync = leaf(
  "sync",
  {
    summary: "Send secrets to their servers, and roll them out",
    description:
      'tako.toml lists the servers of an environment: [envs.production] servers = ["la"]. Without --env, syncs every environment that has servers.\n\nOpens every value first: if one does not open, nothing is sent. Each app keeps its old secrets until new instances are healthy with the new ones. Exits 5 if a server failed; the others are up to date, and running the same command again retries it.',
    example: "tako secrets sync --env production",
    flags: {
      environment: environmentFlag,
      server: flag.text("server", {
        short: "s",
        value: "NAME",
        holds: "server",
        summary: "Sync only this server; local is this machine"
      }),
      dryRun: flag.boolean("dry-run", { short: "n", summary: "Show what would change, without changing it" }),
      previousKey: flag.text("previous-key", {
        value: "ID",
        summary: "Accept servers that still have this key, which was rotated on another machine"
      }),
      yes: flag.boolean("yes", { short: "y", summary: "Do not ask before removing secrets from servers" }),
      json: jsonFlag
    }
  },
  (input) =>
    Effect.gen(function* () {
      const environment = yield* givenEnvironment(input.environment)
      const previousKey = yield* checkKeyId(input.previousKey)
      const { carryOut } = yield* Effect.promise(() => import("./deliver.ts"))
      const agreed = input.yes ? ("all" as const) : new Set<never>()
      return yield* carryOut({ ...input, environment, previousKey, agreed }, processContext)
    })
)

const checkKeyId = (given: Option.Option<string>): Effect.Effect<Option.Option<KeyId>, Usage> => {
  const ids = Option.filter(given, isKeyId)
  if (Option.isSome(given) && Option.isNone(ids)) {
    return new Usage({
      problem: "--previous-key takes the id of a key: 16 characters of 0-9 and a-f, as the error shows it."
    })
  }
  return Effect.succeed(ids)
}

/** For commands that change what is synced. */
export const syncFlag = flag.boolean("sync", {
  summary: "Sync the environment's servers afterwards"
})

const defaults = { server: Option.none(), dryRun: false, json: false, previousKey: Option.none() } as const

type Where = Pick<Request, "environment" | "among">

/** Fails before anything is changed if there is no server to sync to. */
export const canSync = (where: Where) =>
  Effect.flatMap(
    Effect.promise(() => import("./deliver.ts")),
    ({ chooseTargets }) => Effect.asVoid(chooseTargets({ ...defaults, ...where }))
  ).pipe(Effect.provide(Layers.knownServers))

/** Runs `tako secrets sync` after another command, and succeeds with its exit code. */
export const syncAfter = (request: Where & Pick<Request, "agreed">) =>
  Effect.flatMap(
    Effect.promise(() => import("./deliver.ts")),
    ({ carryOut }) => carryOut({ ...defaults, ...request }, processContext)
  ).pipe(Effect.provide(Layers.knownServers))

// Read only when something is drawn: it costs the start a few milliseconds.
const size = () => {
  const { stderr } = process
  return { columns: stderr.columns ?? 80, rows: stderr.rows ?? 24 }
}

/** Connections make short-lived garbage, for which V8 grows its young space: to 124 MiB for 200 servers instead of 107. */
const smallYoungSpace = Layer.effectDiscard(
  Effect.promise(async () => (await import("node:v8")).setFlagsFromString("--semi-space-growth-factor=1"))
)

/** The context of this process: its terminal, its user, and the real transports. */
const processContext: SyncContext = {
  by: requestedBy,
  get canDraw() {
    return process.env.TERM !== "dumb"
  },
  size,
  transport: Layer.provide(Layers.transport, smallYoungSpace)
}
