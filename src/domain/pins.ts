import * as Option from "effect/Option"
import { isKeyId, type KeyId } from "./key.ts"
import { type EnvironmentName, isEnvironmentName } from "./names.ts"
import * as StrictJson from "./strict-json.ts"
import { decodeUtf8 } from "./utf8.ts"

/** Which keys belong where: by project identity, then by environment. More than one key during a rotation. */
export type Pins = ReadonlyMap<string, ReadonlyMap<EnvironmentName, ReadonlyArray<KeyId>>>

export const empty: Pins = new Map()

/** The size limit: 4 MiB, larger than any real file. */
export const maxFileLength = 4 * 1024 * 1024

const isOne = (u: unknown): u is KeyId => typeof u === "string" && isKeyId(u)
const areSeveral = (u: unknown): u is ReadonlyArray<KeyId> =>
  Array.isArray(u) && u.length >= 2 && u.every(isOne)
const isObject = (u: unknown): u is object => typeof u === "object" && u !== null

/** `{"<project>": {"<environment>": "<key id>" | ["<key id>", "<key id>", …]}}`; none for anything else. */
export const parse = (bytes: Uint8Array): Option.Option<Pins> => {
  const text = decodeUtf8(bytes)
  if (Option.isNone(text)) return Option.none()
  const json = StrictJson.parse(text.value)
  const projects = "fault" in json ? undefined : membersOf(json.value)
  if (projects === undefined) return Option.none()
  const pins = new Map<string, ReadonlyMap<EnvironmentName, ReadonlyArray<KeyId>>>()
  for (const [project, environments] of projects) {
    const ids = parseEnvironments(environments)
    if (ids === undefined) return Option.none()
    pins.set(project, ids)
  }
  return Option.some(pins)
}

const parseEnvironments = (
  value: unknown
): ReadonlyMap<EnvironmentName, ReadonlyArray<KeyId>> | undefined => {
  const members = membersOf(value)
  if (members === undefined) return undefined
  const environments = new Map<EnvironmentName, ReadonlyArray<KeyId>>()
  for (const [name, ids] of members) {
    if (!isEnvironmentName(name)) return undefined
    if (isOne(ids)) environments.set(name, [ids])
    else if (areSeveral(ids)) environments.set(name, ids)
    else return undefined
  }
  return environments
}

const membersOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> | undefined =>
  isObject(value) && !Array.isArray(value) ? Object.entries(value) : undefined

/** Sorted, with two spaces of indent and a newline at the end. */
export const print = (pins: Pins): string =>
  `${printObject("", [...pins], (environments) =>
    printObject("  ", [...environments], (ids) => JSON.stringify(ids.length === 1 ? ids[0] : ids))
  )}\n`

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
