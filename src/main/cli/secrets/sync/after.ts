import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Layers from "../../../layers.ts"
import { flag } from "../../parameters.ts"
import type { Request } from "./carry-out.ts"
import { surroundings } from "./surroundings.ts"

/** Of the commands that change what is synced. */
export const syncFlag = flag.boolean("sync", {
  summary: "Send the secrets to the environment's servers then"
})

const none = { server: Option.none(), dryRun: false, json: false, previousKey: Option.none() } as const

type Where = Pick<Request, "environment" | "among">

/** Before anything is changed: whether there will be somewhere to sync to. */
export const canSync = (where: Where) =>
  Effect.flatMap(
    Effect.promise(() => import("./carry-out.ts")),
    ({ chooseTargets }) => Effect.asVoid(chooseTargets({ ...none, ...where }))
  ).pipe(Effect.provide(Layers.knownServers))

/** What `tako secrets sync` does, after another command; with its exit code. */
export const syncAfter = (request: Where & Pick<Request, "agreed">) =>
  Effect.flatMap(
    Effect.promise(() => import("./carry-out.ts")),
    ({ carryOut }) => carryOut({ ...none, ...request }, surroundings)
  ).pipe(Effect.provide(Layers.knownServers))
