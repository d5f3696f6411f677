import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { SecretsFileDamaged } from "../../../src/domain/errors/secrets-file.ts"
import * as Pins from "../../../src/domain/pins.ts"
import { type Environments, same } from "../../../src/domain/secrets-file/environments.ts"
import { maxFileLength, parse } from "../../../src/domain/secrets-file/parse.ts"
import { print } from "../../../src/domain/secrets-file/print.ts"
import { openEnvironment } from "../../../src/programs/environment/open.ts"
import { layer as cipherLayer, keyIdOf } from "../../../src/services/cipher/layer.ts"
import { KeyCache } from "../../../src/services/key-cache/key-cache.ts"
import { layerMemory as keyCacheLayer } from "../../../src/services/key-cache/layer-memory.ts"
import { layerMemory as derivationLayer } from "../../../src/services/key-derivation/layer-memory.ts"
import { layerMemoryOf as keyPinsLayer } from "../../../src/services/key-pins/layer-memory.ts"
import { layer as keySourceLayer } from "../../../src/services/key-source/layer.ts"
import { layerMemory as wordsLayer } from "../../../src/services/passphrase-words/layer-memory.ts"
import { layerMemory as projectLayer } from "../../../src/services/project/layer-memory.ts"
import { SecretsFile } from "../../../src/services/secrets-file/secrets-file.ts"
import { layerMemory as terminalLayer } from "../../../src/services/terminal/layer-memory.ts"
import type { Random } from "../../support/random.ts"
import { environment } from "../in-process.ts"
import { blobs, canaries, all as known } from "./known.ts"
import { Fault, mangled, smallerBytes, type Target, words } from "./target.ts"

/** Every reason; a new one is missing here as a type error. */
const reasons: Readonly<Record<SecretsFileDamaged["reason"], true>> = {
  "too-large": true,
  "not-utf8": true,
  "byte-order-mark": true,
  conflict: true,
  "not-json": true,
  "duplicate-key": true,
  "too-deep": true,
  "number-too-large": true,
  "not-an-object": true,
  "environment-name": true,
  "secret-name": true,
  salt: true,
  "salt-twice": true,
  "sealed-value": true
}

const [development, production, legacy, elsewhere] = known
type Json = Record<string, unknown>

/** One of our files after somebody has changed it in an editor. */
const make = (random: Random): Buffer => {
  const file: Record<string, { salt: unknown; secrets: Record<string, unknown> } & Json> = {}
  for (const one of [development, production, legacy]) {
    if (random.chance(0.7)) file[one?.name ?? ""] = { salt: one?.salt, secrets: { ...one?.sealed } }
  }
  let text: string | undefined
  for (let times = random.below(4); times > 0; times--) {
    const names = Object.keys(file)
    const name = names.length === 0 ? "development" : random.pick(names)
    const there = file[name]
    const secrets = there?.secrets
    const isUsable = typeof secrets === "object" && secrets !== null && !Array.isArray(secrets)
    const secret = isUsable && Object.keys(secrets).length > 0 ? random.pick(Object.keys(secrets)) : "A"
    if (there === undefined || !isUsable) break
    switch (random.below(20)) {
      case 0:
        secrets[secret] = random.pick(blobs)
        break
      case 1:
        secrets[random.pick(["B", "NEW", "a", "9A", "", "__proto__", "constructor", "Ä", "A B"])] =
          secrets[secret]
        break
      case 2:
        delete secrets[secret]
        break
      case 3:
        secrets[secret] = mangledBlob(random, String(secrets[secret]))
        break
      case 4:
        there.salt = random.pick([
          elsewhere?.salt,
          production?.salt,
          legacy?.salt,
          "AAAAAAAAAAAAAAAAAAAAAA=="
        ])
        break
      case 5:
        there.salt = mangled(random, Buffer.from(String(there.salt)), words).toString("latin1")
        break
      case 6:
        file[random.pick(["staging", "-", "9", "Production", "", "__proto__", "a b", "production"])] = there
        break
      case 15:
        file.staging = { salt: elsewhere?.salt, secrets: { ...elsewhere?.sealed } }
        break
      case 16:
        if (there === file.development || there === file.production) {
          there.secrets = { NEW: secrets[secret] }
        }
        break
      case 7:
        there[random.pick(["note", "__proto__", "12", "toJSON", "salt "])] = random.pick([
          1,
          1.5,
          null,
          [1],
          { a: {} },
          "x"
        ])
        break
      case 8:
        file[name] = random.pick([null, 1, "x", [], [1], true, {}]) as never
        break
      case 9:
        there.secrets = random.pick([null, 1, "x", [], {}]) as never
        break
      case 10:
        secrets[secret] = random.pick([null, 1, {}, [], "", "AAAA"])
        break
      case 11:
        text = `${JSON.stringify(file).slice(0, -1)},"${name}":${JSON.stringify(there)}}`
        break
      case 12:
        text = JSON.stringify(file).replace(
          '"salt"',
          `"n":${random.pick(["1e999", "0.1", "12345678901234567890", "-0", "1E400", "9".repeat(80)])},"salt"`
        )
        break
      case 13:
        text = JSON.stringify(file).replace('"salt"', `"deep":${"[".repeat(random.pick([10, 62, 63, 70]))}1`)
        text += "]".repeat(70)
        break
      case 14:
        text = JSON.stringify(file).replace('"salt"', `"deep":${"[".repeat(70)}${"]".repeat(70)},"salt"`)
        break
      default: {
        const b = Buffer.from(String(secrets[secret]), "base64")
        if (b.length > 0) b[random.below(b.length)] = random.below(256)
        secrets[secret] = b.toString("base64")
      }
    }
  }
  text ??= JSON.stringify(file, null, random.below(3))
  const bytes = Buffer.from(text)
  if (random.chance(0.12)) return mangled(random, bytes, words)
  if (random.chance(0.01)) return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])
  if (random.chance(0.0005)) return Buffer.concat([bytes, Buffer.alloc(4 * 1024 * 1024, " ")])
  return bytes
}

/** A sealed value with a change in one of its parts or in its encoding. */
export const mangledBlob = (random: Random, text: string): string => {
  const bytes = Buffer.from(text, "base64")
  switch (random.below(8)) {
    case 0:
      return text.replace(/=*$/, "")
    case 1:
      return `${text}=`
    case 2:
      return text.replaceAll("+", "-").replaceAll("/", "_")
    case 3:
      return `${text.slice(0, 8)}\n${text.slice(8)}`
    case 4:
      return bytes.subarray(0, random.below(bytes.length + 1)).toString("base64")
    case 5:
      return Buffer.concat([bytes, Buffer.from([random.below(256)])]).toString("base64")
    case 6:
      // Changes the unused bits of the last character before the padding.
      return text.replace(/[A-Za-z0-9+/](?==+$)/, () => random.pick([..."ABCDEFGH"]))
    default: {
      const other = Buffer.from(random.pick(blobs), "base64")
      const cut = random.pick([12, bytes.length - 16])
      return Buffer.concat([bytes.subarray(0, cut), other.subarray(cut)]).toString("base64")
    }
  }
}

// One machine serves all inputs; only its secrets file changes.
let current: Environments | SecretsFileDamaged = new Map()
const fileLayer = Layer.succeed(SecretsFile, {
  path: ".tako/secrets.json",
  read: Effect.suspend(() =>
    current instanceof Map ? Effect.succeed(current) : Effect.fail(current as SecretsFileDamaged)
  ),
  update: () => Effect.dieMessage("nothing writes here")
})
const pins = Ref.unsafeMake(
  [development, production, legacy].reduce(
    (all, one) =>
      Pins.pin(all, "/project", environment(one?.name ?? ""), [Pins.bound(keyIdOf(one?.salt as never))]),
    Pins.pin(Pins.empty, "/other", environment("elsewhere"), [Pins.bound(keyIdOf(elsewhere?.salt as never))])
  )
)
const runtime = ManagedRuntime.make(
  Layer.provideMerge(
    keySourceLayer,
    Layer.mergeAll(
      cipherLayer,
      derivationLayer,
      wordsLayer,
      keyCacheLayer,
      fileLayer,
      Layer.provideMerge(keyPinsLayer(pins), projectLayer()),
      terminalLayer({ isThere: false })
    )
  )
)
let isReady = false
const getReady = () => {
  if (isReady) return
  isReady = true
  for (const one of known)
    runtime.runSync(Effect.flatMap(KeyCache, ({ keep }) => keep(keyIdOf(one.salt), one.key())))
}

/** A mutant has a few environments; the thousands in a giant are all alike, so not all are opened. */
const mostOpened = 1000

const feed = (bytes: Buffer): string => {
  getReady()
  const parsed = parse(bytes)
  if (Either.isLeft(parsed)) {
    checkMessage(parsed.left.message)
    return `SecretsFileDamaged ${parsed.left.reason}`
  }
  const environments = parsed.right
  checkStrictness(bytes, environments)
  current = environments
  const outcomes = [...environments.keys()].slice(0, mostOpened).map((name) => {
    const opened = runtime.runSync(Effect.either(openEnvironment(name)))
    if (Either.isLeft(opened)) {
      checkMessage(opened.left.message)
      const error = opened.left
      return "reason" in error ? `${error._tag} ${error.reason}` : error._tag
    }
    const size = environments.get(name)?.secrets.size ?? 0
    if (opened.right.size !== size) throw new Fault("some of the values were handed out")
    for (const [secret, value] of opened.right) checkValue(name, secret, Redacted.value(value), environments)
    return size === 0 ? "empty" : "opened"
  })
  // Reports the environment that got furthest.
  return (
    [
      "opened",
      "SecretMisplaced",
      "SecretsDamaged",
      "KeyNotTrusted",
      "EnvironmentReplaced",
      "NoKeyFits",
      "empty"
    ]
      .flatMap((wanted) => outcomes.filter((one) => one.startsWith(wanted)))
      .find((_, index) => index === bytes.length % Math.max(1, outcomes.length)) ??
    outcomes[0] ??
    "no environments"
  )
}

/** Checks that a returned value was sealed for this place, with this key. */
const checkValue = (name: string, secret: string, value: string, environments: Environments): void => {
  const salt = environments.get(name as never)?.salt
  const one = known.find((one) => one.salt === salt)
  if (one === undefined) throw new Fault("a value opened under a salt that nobody knows")
  const fits = one.marked
    ? one.name === name && one.values.get(secret) === value
    : [...one.values.values()].includes(value)
  if (!fits) throw new Fault("a value was handed out where it does not belong")
  if (one.name === "elsewhere") throw new Fault("another project's value was handed out")
}

/** Checks what the parser accepted against the format, with code of its own. */
const checkStrictness = (bytes: Buffer, environments: Environments): void => {
  const printed = Buffer.from(print(environments))
  // An indented file may exceed the limit for writing (FileFailed, EFBIG), so it is not compared.
  const again = parse(printed)
  if (printed.length <= maxFileLength && (Either.isLeft(again) || !same(again.right, environments)))
    throw new Fault("what was read is not read again")
  const json = JSON.parse(bytes.toString("utf8")) as Record<
    string,
    { salt: string; secrets: Record<string, string> }
  >
  if (Object.keys(json).length !== environments.size) throw new Fault("an environment was lost")
  const salts = new Set<string>()
  for (const [name, { salt, secrets }] of Object.entries(json)) {
    const saltBytes = Buffer.from(salt, "base64")
    if (saltBytes.length !== 16 || saltBytes.toString("base64") !== salt)
      throw new Fault("a salt that is none")
    if (salts.has(salt)) throw new Fault("a salt twice")
    salts.add(salt)
    if (!/^[a-z0-9-]+$/.test(name)) throw new Fault("an environment's name that is none")
    for (const [secret, blob] of Object.entries(secrets)) {
      const blobBytes = Buffer.from(blob, "base64")
      if (blobBytes.length < 28 || blobBytes.toString("base64") !== blob)
        throw new Fault("a sealed value that is none")
      if (!/^[A-Z][A-Z0-9_]*$/.test(secret)) throw new Fault("a secret's name that is none")
    }
  }
}

export const checkMessage = (message: string): void => {
  if (canaries.some((canary) => message.includes(canary))) throw new Fault("a secret in an error")
}

const MiB4 = 4 * 1024 * 1024
const filled = (make: (index: number) => string, size: number): string => {
  let text = ""
  for (let index = 0; text.length < size; index++) text += make(index)
  return text
}
const withNote = (note: string): Buffer =>
  Buffer.from(
    JSON.stringify({ development: { salt: development?.salt, secrets: {} } }).replace(
      '"salt"',
      () => `"note":${note},"salt"`
    )
  )

export const jsonGiants = (): ReadonlyArray<readonly [string, Buffer]> => [
  ["4 MiB of [", Buffer.alloc(MiB4, "[")],
  ["2 Mi nested lists", withNote(`${"[".repeat(MiB4 / 2 - 200)}${"]".repeat(MiB4 / 2 - 200)}`)],
  ["a text of 4 MiB of escapes", withNote(`"${"\\u0041".repeat(MiB4 / 6 - 100)}"`)],
  ["a text of 4 MiB of backslashes", withNote(`"${"\\\\".repeat(MiB4 / 2 - 200)}"`)],
  ["a text that never ends", Buffer.from(`{"a":"${"\\\\".repeat(MiB4 / 2 - 200)}`)],
  ["2 Mi small numbers", withNote(`[${"1,".repeat(MiB4 / 2 - 200)}1]`)],
  ["a number of 4 Mi digits", withNote("9".repeat(MiB4 - 300))],
  ["a number with 4 Mi zeros behind the point", withNote(`1.${"0".repeat(MiB4 - 300)}1`)],
  [
    "400,000 keys in one object",
    withNote(`{${filled((index) => `"${index}":1,`, MiB4 - 100_000).slice(0, -1)}}`)
  ],
  ["600,000 times the same key", withNote(`{${'"a":1,'.repeat(600_000).slice(0, -1)}}`)]
]

const giants = (): ReadonlyArray<readonly [string, Buffer]> => {
  const small = Buffer.alloc(28).toString("base64")
  const many = filled((index) => `"A${index}":"${small}",`, MiB4 - 2000).slice(0, -1)
  const file = (secrets: string) =>
    Buffer.from(`{"development":{"salt":"${development?.salt}","secrets":{${secrets}}}}`)
  return [
    ...jsonGiants(),
    ["80,000 secrets that do not open", file(many)],
    [
      "a value of 1 MiB that does not open",
      file(`"A":"${Buffer.alloc(1024 * 1024 + 28).toString("base64")}"`)
    ],
    [
      "80,000 environments",
      Buffer.from(
        `{${filled((index) => {
          const salt = Buffer.alloc(16)
          salt.writeUInt32BE(index)
          return `"e${index}":{"salt":"${salt.toString("base64")}","secrets":{}},`
        }, MiB4 - 1000).slice(0, -1)}}`
      )
    ],
    [
      "20,000 values of another environment, each moved",
      file(filled((index) => `"A${index}":"${blobs[4 + (index % 4)]}",`, MiB4 - 2000).slice(0, -1))
    ]
  ]
}

export const secretsFile: Target<Buffer> = {
  name: "secrets file",
  share: 8,
  make,
  feed,
  outcomes: [
    ...Object.keys(reasons).map((reason) => `SecretsFileDamaged ${reason}`),
    "opened",
    "SecretMisplaced moved",
    "SecretMisplaced unknown-origin",
    "SecretsDamaged",
    "KeyNotTrusted",
    "EnvironmentReplaced",
    "empty"
  ],
  stages: {
    "is JSON": { atLeast: 10, of: (outcome) => !/not-json|not-utf8|byte-order|too-large/.test(outcome) },
    "reaches GCM": {
      atLeast: 10,
      of: (outcome) =>
        /^(?:opened|SecretMisplaced|SecretsDamaged|NoKeyFits|EnvironmentReplaced)/.test(outcome)
    }
  },
  giants,
  smaller: smallerBytes,
  shown: (input) => JSON.stringify(input.toString("latin1"))
}
