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

/** A key that belongs to an environment. */
export interface Pin {
  readonly id: KeyId
  /** Somebody agreed to use the environment although its values are not bound to their names. */
  readonly unbound: boolean
}

type WrittenPin = string | { readonly id: string; readonly unbound: true }

/** The pin of a key whose environment binds its values. */
export const bound = (id: KeyId): Pin => ({ id, unbound: false })

/** One pin by itself, several as a list. */
const makePinnedKeys = () => {
  const written = Schema.Union(KeyIdText, Schema.Struct({ id: KeyIdText, unbound: Schema.Literal(true) }))
  type Written = typeof written.Type
  const write = ({ id, unbound }: Pin): Written => (unbound ? { id, unbound } : id)
  return Schema.transform(
    Schema.Union(written, Schema.Array(written).pipe(Schema.minItems(2))).annotations({
      description: "a key's id, or a list of at least two"
    }),
    Schema.typeSchema(Schema.Array(Schema.Struct({ id: KeyIdText, unbound: Schema.Boolean }))),
    {
      strict: true,
      decode: (one) =>
        (isSeveral(one) ? one : [one]).map((pin) => (typeof pin === "string" ? bound(pin) : pin)),
      encode: (pins) => (pins.length === 1 ? write(pins[0] as Pin) : pins.map(write))
    }
  )
}

const isSeveral = <A>(one: A | ReadonlyArray<A>): one is ReadonlyArray<A> => Array.isArray(one)

/**
 * Which keys belong where: by project identity, then by environment. More than one key during a rotation. As JSON:
 * `{"<project>": {"<environment>": PIN | [PIN, PIN, …]}}`, where a PIN is `"<key id>"`, or `{"id":"<key id>","unbound":true}`.
 */
export const makePinsFile = () =>
  mapOf<
    string,
    ReadonlyMap<EnvironmentName, ReadonlyArray<Pin>>,
    Readonly<Record<string, WrittenPin | ReadonlyArray<WrittenPin>>>
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
    printObject("  ", [...environments], (keys) => JSON.stringify(encodeKeys(keys)))
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
export const of = (pins: Pins, project: string, environment: EnvironmentName): ReadonlyArray<Pin> =>
  pins.get(project)?.get(environment) ?? []

/** Pinning to no keys removes the pin. Of two pins to one key, the last counts. */
export const pin = (
  pins: Pins,
  project: string,
  environment: EnvironmentName,
  keys: ReadonlyArray<Pin>
): Pins => {
  const environments = new Map(pins.get(project))
  if (keys.length === 0) environments.delete(environment)
  else environments.set(environment, [...new Map(keys.map((pin) => [pin.id, pin])).values()])
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
        .filter(([, keys]) => keys.some((pin) => pin.id === id))
        .map(([name]) => `${folderOf(project)} (${name})`)
    )
    .sort()

/** A project in git is identified by "<git common dir>:<path within>"; people know it by its folder. */
const folderOf = (project: string): string =>
  project.replace(/\/\.git:(.*)$/, (_, within: string) => (within === "." ? "" : `/${within}`))
