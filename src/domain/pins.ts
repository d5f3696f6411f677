import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { KeyId } from "./key.ts"
import { type EnvironmentName, isEnvironmentName } from "./names.ts"
import { decoderOf } from "./schema/decoder.ts"
import { KeyIdText, mapOf } from "./schema/fields.ts"
import * as StrictJson from "./strict-json.ts"
import { decodeUtf8 } from "./utf8.ts"

export const empty: Pins = new Map()

/** The size limit: 4 MiB, larger than any real file. */
export const maxFileLength = 4 * 1024 * 1024

const environmentProblem = (key: string) =>
  isEnvironmentName(key) ? undefined : " is not an environment's name"

/** One key as its ID, several as a list of theirs. */
const makePinnedKeys = () =>
  Schema.transform(
    Schema.Union(KeyIdText, Schema.Array(KeyIdText).pipe(Schema.minItems(2))).annotations({
      description: "a key's id, or a list of at least two"
    }),
    Schema.typeSchema(Schema.Array(KeyIdText)),
    {
      strict: true,
      decode: (written) => (typeof written === "string" ? [written] : written),
      encode: (ids) => (ids.length === 1 ? (ids[0] as KeyId) : ids)
    }
  )

/**
 * Which keys belong where: by project identity, then by environment. More than one key during a rotation. As JSON:
 * `{"<project>": {"<environment>": "<key id>" | ["<key id>", "<key id>", …]}}`.
 */
export const makePinsFile = () =>
  mapOf<
    string,
    ReadonlyMap<EnvironmentName, ReadonlyArray<KeyId>>,
    Readonly<Record<string, string | ReadonlyArray<string>>>
  >({ keyProblem: () => undefined }, mapOf({ keyProblem: environmentProblem }, makePinnedKeys()))
export type Pins = ReturnType<typeof makePinsFile>["Type"]

const decodePins = decoderOf(makePinsFile)

/** None for anything that tako does not write. */
export const parse = (bytes: Uint8Array): Option.Option<Pins> =>
  Option.flatMap(decodeUtf8(bytes), (text) => {
    const json = StrictJson.parse(text)
    return "fault" in json ? Option.none() : Either.getRight(decodePins(json.value))
  })

/** Sorted, with two spaces of indent and a newline at the end. */
export const print = (pins: Pins): string => {
  const encodeKeys = Schema.encodeSync(makePinnedKeys())
  return `${printObject("", [...pins], (environments) =>
    printObject("  ", [...environments], (ids) => JSON.stringify(encodeKeys(ids)))
  )}\n`
}

const printObject = <A>(
  indent: string,
  members: ReadonlyArray<readonly [string, A]>,
  value: (a: A) => string
): string => {
  if (members.length === 0) return "{}"
  const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : 1))
  const lines = sorted.map(([name, a]) => `${indent}  ${JSON.stringify(name)}: ${value(a)}`)
  return `{\n${lines.join(",\n")}\n${indent}}`
}

/** Empty when not pinned. */
export const of = (pins: Pins, project: string, environment: EnvironmentName): ReadonlyArray<KeyId> =>
  pins.get(project)?.get(environment) ?? []

/** Pinning to no keys removes the pin. */
export const pin = (
  pins: Pins,
  project: string,
  environment: EnvironmentName,
  ids: ReadonlyArray<KeyId>
): Pins => {
  const environments = new Map(pins.get(project))
  if (ids.length === 0) environments.delete(environment)
  else environments.set(environment, [...new Set(ids)])
  const changed = new Map(pins)
  if (environments.size === 0) changed.delete(project)
  else changed.set(project, environments)
  return changed
}

/** Every environment that is pinned to this key, as "<project> (<environment>)", sorted. */
export const environmentsPinnedTo = (pins: Pins, id: KeyId): ReadonlyArray<string> =>
  [...pins]
    .flatMap(([project, environments]) =>
      [...environments]
        .filter(([, ids]) => ids.includes(id))
        .map(([name]) => `${folderOf(project)} (${name})`)
    )
    .sort()

/** A project in git is identified by "<git common dir>:<path within>"; people know it by its folder. */
const folderOf = (project: string): string =>
  project.replace(/\/\.git:(.*)$/, (_, within: string) => (within === "." ? "" : `/${within}`))
