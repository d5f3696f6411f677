import * as Schema from "effect/Schema"
import {
  AppNameText,
  Count,
  Flag,
  Instant,
  KeyIdText,
  Label,
  listOf,
  Ordinal,
  oneOf,
  optional,
  SecretNames
} from "../schema/fields.ts"
import { Instances } from "../tako-toml/fields.ts"
import type { AppName } from "./app-name.ts"
import { Release, Revision } from "./release.ts"

/** A committed revision: the names of its secrets, never their values. */
const RevisionRecord = Schema.Struct({
  revision: Revision,
  /** Names, sorted. */
  names: SecretNames,
  /** False if no instance proved it when it was committed: the app was stopped, or had no healthy instance. */
  proven: Flag,
  /** The key with which the client opened the environment; the server remembers it for the app. */
  key_id: optional(KeyIdText),
  at: Instant,
  by: optional(Label)
})
export type RevisionRecord = typeof RevisionRecord.Type

/** What a server stores about an app across restarts. */
export const AppState = Schema.Struct({
  app: AppNameText,
  /** Whether instances should run. */
  desired: oneOf("running", "stopped"),
  /** How many instances should run. */
  instances: Instances,
  /** The id of the release that runs, or would run if the app were started; null before the first deploy. */
  release: Schema.NullOr(Ordinal),
  /** The releases that can be rolled back to, including the current one, oldest first. */
  releases: listOf(Release, "a list of releases"),
  /** The revision that instances get; null before the first sync. */
  current: Schema.NullOr(Revision),
  /** The revisions that are kept, including the current one, oldest first. */
  revisions: listOf(RevisionRecord, "a list of revisions"),
  /** The highest revision ever committed; 0 before the first. */
  last_revision: Count,
  /** The highest release ever created; 0 before the first. */
  last_release: Count
})
export type AppState = typeof AppState.Type

/** The state of an app that has neither secrets nor a release yet. */
export const create = (app: AppName): AppState => ({
  app,
  desired: "running",
  instances: 1,
  release: null,
  releases: [],
  current: null,
  revisions: [],
  last_revision: 0,
  last_release: 0
})

export const currentRelease = (state: AppState): Release | undefined =>
  state.releases.find(({ id }) => id === state.release)

export const currentRevision = (state: AppState): RevisionRecord | undefined =>
  state.revisions.find(({ revision }) => revision === state.current)

export const nextRevision = (state: AppState): Revision => (state.last_revision + 1) as Revision

export const nextRelease = (state: AppState): number => state.last_release + 1

/** Makes the revision the current and highest one, and drops revisions that nothing refers to any more. */
export const withRevision = (state: AppState, record: RevisionRecord): AppState =>
  withoutUnused({
    ...state,
    current: record.revision,
    last_revision: Math.max(state.last_revision, record.revision),
    revisions: [...state.revisions.filter(({ revision }) => revision !== record.revision), record]
  })

/** How many releases are kept for rollbacks, including the current one. */
export const keptReleases = 5

/** Makes the release the current and highest one, and drops the oldest beyond {@link keptReleases}. */
export const withRelease = (state: AppState, release: Release): AppState =>
  withoutUnused({
    ...state,
    release: release.id,
    last_release: Math.max(state.last_release, release.id),
    releases: [...state.releases.filter(({ id }) => id !== release.id), release].slice(-keptReleases)
  })

/** Makes a kept release current again, with the secrets it had, if any. */
export const rolledBack = (state: AppState, { id, revision }: Release): AppState =>
  withoutUnused({ ...state, release: id, current: revision ?? state.current })

/** The revisions that the state refers to. */
export const usedRevisions = (state: AppState): ReadonlySet<Revision> =>
  new Set(
    [state.current, ...state.releases.map(({ revision }) => revision)].filter((revision) => revision !== null)
  )

const withoutUnused = (state: AppState): AppState => {
  const used = usedRevisions(state)
  return { ...state, revisions: state.revisions.filter(({ revision }) => used.has(revision)) }
}
