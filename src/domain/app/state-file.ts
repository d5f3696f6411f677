import * as Either from "effect/Either"
import { StateDamaged } from "../errors/server.ts"
import { decoderOf } from "../schema/decoder.ts"
import { isObject } from "../schema/fields.ts"
import * as StrictJson from "../strict-json.ts"
import { decodeUtf8 } from "../utf8.ts"
import type { AppName } from "./app-name.ts"
import { AppState } from "./app-state.ts"
import { toJson } from "./release.ts"

/** The size limit of the file: 4 MiB. */
export const maxFileLength = 4 * 1024 * 1024

type Json = Readonly<Record<string, unknown>>

/** Migrates the content of version n, without its `version`, to version n + 1. */
export type Migration = (content: Json) => Json

/** The migrations from version 1 on, in order. The version we write is their number plus one. */
export const migrations: ReadonlyArray<Migration> = []

const decodeState = decoderOf(() => AppState)

/** Decodes an app's state file and migrates it to the current version. */
export const parse = (
  app: AppName,
  bytes: Uint8Array,
  steps: ReadonlyArray<Migration> = migrations
): Either.Either<AppState, StateDamaged> =>
  Either.gen(function* () {
    const damaged = (reason: StateDamaged["reason"]) => Either.left(new StateDamaged({ app, reason }))
    if (bytes.length > maxFileLength) return yield* damaged("content")
    const text = yield* Either.fromOption(
      decodeUtf8(bytes),
      () => new StateDamaged({ app, reason: "content" })
    )
    const json = StrictJson.parse(text)
    if ("fault" in json || !isObject(json.value)) return yield* damaged("content")
    const { version, ...rest } = json.value
    if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 1) {
      return yield* damaged("content")
    }
    if (version > steps.length + 1) return yield* damaged("newer")
    const migrated = steps.slice(version - 1).reduce((older, migrate) => migrate(older), rest as Json)
    // The details of a mismatch are dropped, because a foreign file may contain anything.
    const state = yield* Either.mapLeft(
      decodeState(migrated),
      () => new StateDamaged({ app, reason: "content" })
    )
    if (state.app !== app) return yield* damaged("other-app")
    return isWhole(state) ? state : yield* damaged("content")
  })

/** Puts `version` first, indents by two spaces, and ends with one newline. */
export const print = ({ releases, ...rest }: AppState): string => {
  const version = migrations.length + 1
  return `${JSON.stringify({ version, ...rest, releases: releases.map(toJson) }, null, 2)}\n`
}

/** Whether all references resolve and no counter is too low. */
const isWhole = (state: AppState): boolean => {
  const revisions = state.revisions.map(({ revision }) => revision)
  const releases = state.releases.map(({ id }) => id)
  const referred = [state.current, ...state.releases.map(({ revision }) => revision)]
  return (
    referred.every((revision) => revision === null || revisions.includes(revision)) &&
    (state.release === null || releases.includes(state.release)) &&
    new Set(revisions).size === revisions.length &&
    new Set(releases).size === releases.length &&
    Math.max(0, ...revisions) <= state.last_revision &&
    Math.max(0, ...releases) <= state.last_release
  )
}
