import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Outcome } from "../../../programs/apps/on-each.ts"
import type { AppReport, ServerReport } from "../../../programs/apps/status.ts"
import { failureToJson } from "../servers/failures.ts"
import { type DriftOf, driftToJson } from "./drifts.ts"

/** A server with its apps; the members of an app have the names that they have on the wire. */
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
