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

/** A committed revision: which secrets it has, never what they are. */
const RevisionRecord = Schema.Struct({
  revision: Revision,
  /** Sorted. */
  names: SecretNames,
  /** False when it was committed without an instance that proved it: the app was stopped, or had none that was healthy. */
  proven: Flag,
  /** The key of the environment that the client opened them with, which the server remembers for the app. */
  key_id: optional(KeyIdText),
  at: Instant,
  by: optional(Label)
})
export type RevisionRecord = typeof RevisionRecord.Type

/** What a server knows of an app, and what survives it. */
export const AppState = Schema.Struct({
  app: AppNameText,
  /** Whether instances are to run. */
  desired: oneOf("running", "stopped"),
  /** How many. */
  instances: Instances,
  /** The id of the release that runs, or would; null before the first deploy. */
  release: Schema.NullOr(Ordinal),
  /** Those that can be rolled back to, the current one among them, oldest first. */
  releases: listOf(Release, "a list of releases"),
  /** The revision that instances get; null before the first. */
  current: Schema.NullOr(Revision),
  /** Those that are kept, the current one among them, oldest first. */
  revisions: listOf(RevisionRecord, "a list of revisions"),
  /** The highest revision that was ever committed; 0 before the first. */
  last_revision: Count,
  /** The highest release that was ever made; 0 before the first. */
  last_release: Count
})
export type AppState = typeof AppState.Type

/** An app that has been told of and has neither secrets nor a release. */
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

/** The revision becomes the current one, as the highest; those that nothing refers to any more are dropped. */
export const withRevision = (state: AppState, record: RevisionRecord): AppState =>
  withoutUnused({
    ...state,
    current: record.revision,
    last_revision: Math.max(state.last_revision, record.revision),
    revisions: [...state.revisions.filter(({ revision }) => revision !== record.revision), record]
  })

/** How many releases are kept to roll back to, the current one among them. */
export const keptReleases = 5

/** The release becomes the current one, as the highest; the oldest beyond {@link keptReleases} are dropped. */
export const withRelease = (state: AppState, release: Release): AppState =>
  withoutUnused({
    ...state,
    release: release.id,
    last_release: Math.max(state.last_release, release.id),
    releases: [...state.releases.filter(({ id }) => id !== release.id), release].slice(-keptReleases)
  })

/** A kept release becomes the current one again, with the secrets that it had, if it had any. */
export const rolledBack = (state: AppState, { id, revision }: Release): AppState =>
  withoutUnused({ ...state, release: id, current: revision ?? state.current })

/** The revisions that something refers to. */
export const usedRevisions = (state: AppState): ReadonlySet<Revision> =>
  new Set(
    [state.current, ...state.releases.map(({ revision }) => revision)].filter((revision) => revision !== null)
  )

const withoutUnused = (state: AppState): AppState => {
  const used = usedRevisions(state)
  return { ...state, revisions: state.revisions.filter(({ revision }) => used.has(revision)) }
}
