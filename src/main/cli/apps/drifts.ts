import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { age } from "../../../domain/age.ts"
import { printable } from "../../../domain/printable.ts"
import { partsOf } from "../../../domain/server/app-name.ts"
import type { Outcome } from "../../../programs/apps/on-each.ts"
import type { ServerReport } from "../../../programs/apps/status.ts"
import type { Drift, driftTeller } from "../../../programs/sync/drift.ts"
import { sayChanges } from "../secrets/sync/words.ts"

export type DriftOf = Effect.Effect.Success<typeof driftTeller>

/** Which servers have other secrets than this project's file, since when, and how to mend it. */
export const drifts = (
  found: ReadonlyArray<Outcome<ServerReport>>,
  driftOf: DriftOf,
  now: number
): ReadonlyArray<string> =>
  found.flatMap(({ target, outcome }) =>
    Either.isLeft(outcome)
      ? []
      : outcome.right.apps.flatMap(({ status: { app }, secrets }) =>
          Option.match(
            Option.flatMap(secrets, (secrets) => driftOf(app, secrets)),
            {
              onNone: () => [],
              onSome: (drift) => [
                `${app} on ${target.name} ${sayDrift(drift, now)}. To send them: tako secrets sync --env ${partsOf(app).environment}`
              ]
            }
          )
        )
  )

const sayDrift = ({ missing, surplus, anotherKey, since, by }: Drift, now: number): string => {
  const names = sayChanges({ added: missing, changed: [], removed: surplus })
  const what = [
    ...(names === "" ? [] : [`has other secrets than this project (a sync would do: ${names})`]),
    ...(anotherKey ? ["knows them by another key than this project has now"] : [])
  ].join(" and ")
  if (since === null) return `${what}; it was never synced`
  const who = by === null ? "" : ` by ${printable(by).slice(0, 80)}`
  return `${what}; synced ${age(now - Date.parse(since))} ago${who}`
}

export const driftToJson = ({ missing, surplus, anotherKey, since, by }: Drift) => ({
  missing,
  surplus,
  another_key: anotherKey,
  since,
  by
})
