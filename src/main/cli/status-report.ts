import * as Arr from "effect/Array"
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { age } from "../../domain/age.ts"
import type { Release } from "../../domain/app/release.ts"
import type { AppPhase, AppStatus, InstanceStatus } from "../../domain/protocol/replies.ts"
import type { AppReport, Drift, driftFinder, ServerReport } from "../../programs/apps/status.ts"
import type { Outcome } from "../../programs/client/client.ts"
import type { Ink } from "../command-line/ink.ts"
import { failureToJson } from "./servers/delivery-failures.ts"
import { type Cell, headings } from "./table.ts"

/** When and in which colours a row is shown. */
interface View {
  readonly now: number
  readonly ink: Ink
}

export const appHeadings = headings("SERVER", "APP", "STATE", "HEALTHY", "AGE", "RELEASE", "REVISION")

export const appRow = (server: string, status: AppStatus, { now, ink }: View): ReadonlyArray<Cell> => [
  server,
  status.app,
  [status.phase, ink[colourOf(status.phase)]],
  `${status.healthy} of ${status.instances}`,
  youngest(status.instance_list, now),
  numbered(status.release),
  numbered(status.revision)
]

export const instanceHeadings = headings(
  "INSTANCE",
  "STATE",
  "AGE",
  "PID",
  "PORT",
  "RELEASE",
  "REVISION",
  "RESTARTS"
)

export const instanceRow = (instance: InstanceStatus, { now, ink }: View): ReadonlyArray<Cell> => [
  instance.id,
  [instance.phase, ink[instance.phase === "healthy" ? "green" : isFailing(instance) ? "red" : "yellow"]],
  since(instance.started_at, now),
  // It has no process between an exit and the restart.
  instance.pid === 0 ? "-" : `${instance.pid}`,
  numbered(instance.port),
  `${instance.release}`,
  numbered(instance.revision),
  `${instance.restarts}`
]

export const releaseHeadings = headings("RELEASE", "DEPLOYED", "REVISION", "BUILD", "BY")

export const releaseRow = (
  release: Release,
  current: number | null,
  { now, ink }: View
): ReadonlyArray<Cell> => [
  release.id === current ? [`${release.id}`, ink.bold] : `${release.id}`,
  `${since(release.at, now)} ago`,
  numbered(release.revision),
  (release.build ?? "-").slice(0, longest),
  (release.by ?? "-").slice(0, longest)
]

/** Labels and names are chosen by clients, at any length. */
const longest = 40

const isFailing = ({ phase }: InstanceStatus): boolean => phase === "unhealthy" || phase === "backoff"

const colourOf = (phase: AppPhase): "green" | "yellow" | "red" | "dim" => {
  switch (phase) {
    case "running":
      return "green"
    case "stopped":
      return "dim"
    case "degraded":
    case "broken":
      return "red"
    default:
      return "yellow"
  }
}

const numbered = (number: number | null): string => (number === null ? "-" : `${number}`)

const since = (instant: string, now: number): string => age(now - Date.parse(instant))

/** How long ago the youngest instance was started. */
const youngest = (instances: ReadonlyArray<InstanceStatus>, now: number): string =>
  Arr.isNonEmptyReadonlyArray(instances)
    ? age(Math.min(...instances.map(({ started_at }) => now - Date.parse(started_at))))
    : "-"

export type DriftOf = Effect.Effect.Success<typeof driftFinder>

/** A server with its apps, under the names that the protocol gives their fields. */
export const reportToJson = ({ target, outcome }: Outcome<ServerReport>, driftOf: DriftOf) => ({
  name: target.name,
  ...Either.match(outcome, {
    onLeft: failureToJson,
    onRight: ({ version, info, apps }) => ({
      state: "answers",
      version,
      ...Option.match(info, {
        onNone: () => ({}),
        onSome: ({ started_at, memory, secrets }) => ({ started_at, memory, secrets })
      }),
      apps: apps.map((app) => appToJson(app, driftOf))
    })
  })
})

const appToJson = ({ status, releases, secrets }: AppReport, driftOf: DriftOf) => {
  const { phase, healthy, instances, release, revision, listen, instance_list, problem, app } = status
  return {
    app,
    state: phase,
    healthy,
    instances,
    release,
    revision,
    listen,
    problem,
    drift: Option.match(
      Option.flatMap(secrets, (secrets) => driftOf(app, secrets)),
      { onNone: () => null, onSome: driftToJson }
    ),
    instance_list: instance_list.map(({ phase, ...rest }) => ({ ...rest, state: phase })),
    ...Option.match(releases, {
      onNone: () => ({}),
      onSome: (releases) => ({
        releases: releases.map(({ id, at, revision, build, by, directory }) => ({
          id,
          at,
          revision,
          build: build ?? null,
          by: by ?? null,
          directory
        }))
      })
    })
  }
}

const driftToJson = ({ missing, surplus, anotherKey, since, by }: Drift) => ({
  missing,
  surplus,
  another_key: anotherKey,
  since,
  by
})
