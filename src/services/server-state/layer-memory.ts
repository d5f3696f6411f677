import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { AppName } from "../../domain/app/app-name.ts"
import type { AppState } from "../../domain/app/app-state.ts"
import type { AuditEntry } from "../../domain/app/audit.ts"
import * as Audit from "../../domain/app/audit.ts"
import type { Revision } from "../../domain/app/release.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import { RevisionUnreadable } from "../../domain/errors/server.ts"
import { ServerState } from "./server-state.ts"

/** Keeps everything in memory while the layer lives. */
export const layerMemory: Layer.Layer<ServerState> = Layer.sync(ServerState, () => {
  const states = new Map<AppName, AppState>()
  const revisions = new Map<AppName, Map<Revision, SecretSet>>()
  const trails = new Map<AppName, Array<AuditEntry>>()
  return {
    apps: Effect.sync(() => [...states.keys()].sort()),
    read: (app) => Effect.sync(() => Option.fromNullable(states.get(app))),
    write: (state) => Effect.sync(() => void states.set(state.app, state)),
    stage: (app, revision, secrets) =>
      Effect.sync(() => {
        revisions.set(app, new Map(revisions.get(app)).set(revision, new Map(secrets)))
      }),
    secrets: (app, revision) =>
      Effect.suspend(() => {
        const secrets = revisions.get(app)?.get(revision)
        return secrets === undefined
          ? new RevisionUnreadable({ app, revision, reason: "missing" })
          : Effect.succeed(secrets)
      }),
    discard: (app, revision) => Effect.sync(() => void revisions.get(app)?.delete(revision)),
    remove: (app) =>
      Effect.sync(() => {
        states.delete(app)
        revisions.delete(app)
      }),
    record: (app, entry) =>
      Effect.sync(() => {
        trails.set(app, [...(trails.get(app) ?? []), ...Audit.parse(Audit.print(entry))])
      }),
    audit: (app, limit) => Effect.sync(() => (trails.get(app) ?? []).slice(-limit))
  }
})
