import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { encode } from "../../../src/domain/envelope.ts"
import * as Key from "../../../src/domain/key.ts"
import * as Pins from "../../../src/domain/pins.ts"
import * as Salt from "../../../src/domain/salt.ts"
import * as SealedValue from "../../../src/domain/sealed-value.ts"
import { root } from "../../../src/main/cli/root.ts"
import { prepare } from "../../../src/main/command-line/prepare.ts"
import { Cipher } from "../../../src/services/cipher/cipher.ts"
import { layer as cipherLayer, keyIdOf } from "../../../src/services/cipher/layer.ts"
import { layerOf as homeLayerOf } from "../../../src/services/home/layer.ts"
import { KeyCache } from "../../../src/services/key-cache/key-cache.ts"
import { layer as keyCacheLayer } from "../../../src/services/key-cache/layer.ts"
import { readConfig } from "../../../src/services/project/config.ts"
import type { Random } from "../../support/random.ts"
import { secret } from "../in-process.ts"
import { allFlags, leavesOf } from "../leaks/tree.ts"
import { blobs, all as known } from "./known.ts"
import { checkMessage, jsonGiants, mangledBlob } from "./secrets-file.ts"
import { Fault, mangled, smallerBytes, smallerList, type Target, words } from "./target.ts"

const texts = {
  smaller: function* (text: string) {
    for (const bytes of smallerBytes(Buffer.from(text))) yield bytes.toString("utf8")
  },
  shown: (text: string) => JSON.stringify(text)
}
const mangledText = (random: Random, text: string) =>
  mangled(random, Buffer.from(text), words).toString("utf8")
const [first] = known

/** A single sealed value, as text. */
export const blob: Target<string> = {
  name: "sealed value",
  share: 10,
  make: (random) => {
    const one = random.pick(blobs)
    if (random.chance(0.1)) return one
    if (random.chance(0.5)) {
      const bytes = Buffer.from(one, "base64")
      bytes[random.below(bytes.length)] = random.below(256)
      return bytes.toString("base64")
    }
    return random.chance(0.8) ? mangledBlob(random, one) : mangledText(random, one)
  },
  feed: (text) => {
    const sealed = SealedValue.fromText(text)
    if (Option.isNone(sealed)) return "refused"
    const bytes = Buffer.from(text, "base64")
    if (bytes.toString("base64") !== text || bytes.length < 28) throw new Fault("a sealed value that is none")
    const opened = Effect.runSync(
      Effect.provide(
        Effect.flatMap(Cipher, ({ open }) => open(first?.key() as Key.Key, sealed.value)),
        cipherLayer
      )
    )
    const isOurs = Object.values(first?.sealed ?? {}).includes(text)
    if (Option.isSome(opened) !== isOurs) throw new Fault(isOurs ? "ours does not open" : "a forgery opens")
    return isOurs ? "opened" : "not authentic"
  },
  outcomes: ["refused", "not authentic", "opened"],
  stages: { "reaches GCM": { atLeast: 10, of: (outcome) => outcome !== "refused" } },
  giants: () => [
    ["16 MiB of base64", "A".repeat(16 * 1024 * 1024)],
    ["1 MiB and one byte", Buffer.alloc(1024 * 1024 + 29).toString("base64")]
  ],
  ...texts
}

export const salt: Target<string> = {
  name: "salt",
  share: 20,
  make: (random) =>
    random.chance(0.3) ? random.pick(known).salt : mangledText(random, random.pick(known).salt),
  feed: (text) => {
    const parsed = Salt.fromText(text)
    if (Option.isNone(parsed)) return "refused"
    const bytes = Buffer.from(text, "base64")
    if (bytes.length !== 16 || bytes.toString("base64") !== text) throw new Fault("a salt that is none")
    const marked = Effect.runSync(
      Effect.provide(
        Effect.map(Cipher, ({ isMarked }) => isMarked(parsed.value)),
        cipherLayer
      )
    )
    const sum = Crypto.createHash("sha256")
      .update("tako/salt/v1")
      .update(bytes.subarray(0, 12))
      .digest()
      .subarray(0, 4)
    if (marked !== sum.equals(bytes.subarray(12))) throw new Fault("marked, and it is not")
    return marked ? "marked" : "unmarked"
  },
  outcomes: ["refused", "marked", "unmarked"],
  giants: () => [["16 MiB of A", "A".repeat(16 * 1024 * 1024)]],
  ...texts
}

let place: string | undefined
const keyPlace = () => {
  if (place === undefined) {
    const made = Fs.mkdtempSync(
      Path.join(Fs.existsSync("/dev/shm") ? "/dev/shm" : Os.tmpdir(), "tako-proof-keys-")
    )
    process.once("exit", () => Fs.rmSync(made, { recursive: true, force: true }))
    Fs.mkdirSync(Path.join(made, "keys"), { mode: 0o700 })
    place = made
  }
  return place
}
let cache: KeyCache["Type"] | undefined
const keyLine = Buffer.from(`${Crypto.createHash("sha256").update("a key").digest("base64")}\n`)

/** The file of a cached key, read by the real cache. */
export const key: Target<Buffer> = {
  name: "cached key",
  share: 8,
  make: (random) => (random.chance(0.1) ? keyLine : mangled(random, keyLine, words)),
  feed: (bytes) => {
    const id = keyIdOf(first?.salt as Salt.Salt)
    cache ??= ManagedRuntime.make(
      Layer.provide(keyCacheLayer, homeLayerOf({ TAKO_HOME: keyPlace() }))
    ).runSync(KeyCache)
    Fs.writeFileSync(Path.join(keyPlace(), "keys", id), bytes, { mode: 0o600 })
    const found = Effect.runSync(Effect.either(cache.find(id)))
    const text = bytes.toString("latin1")
    const isKey =
      /^[A-Za-z0-9+/]{43}=\n$/.test(text) &&
      Buffer.from(text, "base64").toString("base64") === text.slice(0, -1)
    if (Either.isLeft(found)) {
      if (isKey) throw new Fault("a key is refused")
      if (text.length > 20 && found.left.message.includes(text.slice(0, 20)))
        throw new Fault("a key in an error")
      return `${found.left._tag} ${found.left.reason}`
    }
    if (!isKey || Option.isNone(found.right)) throw new Fault("a key that is none")
    if (Option.isSome(Key.fromBase64(Redacted.make(text)))) throw new Fault("TAKO_KEY with a newline in it")
    return "read"
  },
  outcomes: ["read", "KeyCacheUnavailable unsafe"],
  giants: () => [["64 MiB", Buffer.alloc(64 * 1024 * 1024, "A")]],
  smaller: smallerBytes,
  shown: (bytes) => `${bytes.length} bytes`
}

const pinsText = Buffer.from(
  Pins.print(
    new Map([
      [
        "/home/ada/shop/.git:.",
        new Map([
          ["production" as never, [Pins.bound("0123456789abcdef" as never)]],
          ["a" as never, [Pins.bound("0123456789abcdef" as never), Pins.bound("fedcba9876543210" as never)]]
        ])
      ],
      ["/home/ada/ü", new Map([["b" as never, [{ id: "0123456789abcdef" as never, unbound: true }]]])]
    ])
  )
)

export const pins: Target<Buffer> = {
  name: "pins",
  share: 24,
  make: (random) =>
    random.chance(0.05)
      ? pinsText
      : mangled(random, pinsText, [...words, '"0123456789abcdef"', '"p":{', '"unbound":true', "[]"]),
  feed: (bytes) => {
    const parsed = Pins.parse(bytes)
    if (Option.isNone(parsed)) return "refused"
    const printed = Pins.print(parsed.value)
    const again = Pins.parse(Buffer.from(printed))
    if (Option.isNone(again) || Pins.print(again.value) !== printed)
      throw new Fault("pins that are not read again")
    const json = JSON.parse(bytes.toString("utf8")) as Record<string, Record<string, unknown>>
    const ids = Object.values(json)
      .flatMap((one) => Object.values(one))
      .flat()
    if (!ids.every(isPin)) throw new Fault("a pin that is none")
    return "read"
  },
  outcomes: ["refused", "read"],
  giants: () => jsonGiants().slice(0, 1),
  smaller: smallerBytes,
  shown: (bytes) => JSON.stringify(bytes.toString("latin1"))
}

const isPin = (pin: unknown): boolean => {
  if (typeof pin === "string") return /^[0-9a-f]{16}$/.test(pin)
  const { id, unbound, ...others } = pin as { readonly [name: string]: unknown }
  return typeof id === "string" && isPin(id) && unbound === true && Object.keys(others).length === 0
}

/** An envelope with any token and values: it must be one JSON object, and lose nothing. */
export const envelope: Target<ReadonlyArray<string>> = {
  name: "envelope",
  share: 2,
  make: (random) =>
    Array.from({ length: random.below(6) }, () =>
      mangledText(random, random.pick(["value", "üß€\u{1F600}", "a\nb", '"\\']))
    ),
  feed: (values) => {
    const secrets = new Map(values.map((value, index) => [secret(`A${index}`), Redacted.make(value)]))
    const text = Redacted.value(encode({ token: Redacted.make('t"\\\u2028'), secrets }))
    const json = JSON.parse(text) as { token: string; secrets: Record<string, string> }
    const isSame = values.every((value, index) => json.secrets[`A${index}`] === value)
    if (!isSame || json.token !== 't"\\\u2028' || Object.keys(json).join() !== "token,secrets")
      throw new Fault("an envelope that is not read back")
    return values.length === 0 ? "empty" : "read back"
  },
  outcomes: ["empty", "read back"],
  giants: () => [["1,000 values of 64 KiB", Array.from({ length: 1000 }, () => "\u0001".repeat(65536 / 8))]],
  smaller: smallerList,
  shown: (values) => JSON.stringify(values)
}

const toml = `name = "shop"
start = ["node", "server.ts"]
dev = "vite dev"
release = "node migrate.ts"
[build]
run = ["npm", "run", "build"]
include = ["dist/**"]
[vars]
LOG_LEVEL = "canary-value-of-the-fuzz-1"
[vars.production]
PORT = 8080
[envs.production]
servers = ["la"]
instances = 2
listen = "127.0.0.1:8080"
port = "assign"
drain = "30s"
[secrets]
required = ["A"]
shapes = { A = "a URL" }
`
const tomlLines = toml.split("\n")

export const takoToml: Target<string> = {
  name: "tako.toml",
  share: 6,
  make: (random) => {
    let lines = [...tomlLines]
    for (let times = random.below(4); times > 0; times--) {
      const at = random.below(lines.length)
      const line = lines[at] ?? ""
      const value = random.pick([
        '"canary-value-of-the-fuzz-1"',
        "1",
        "true",
        "[]",
        "{}",
        "1979-05-27",
        "[1, 2]",
        "0x1F",
        "nan",
        "'x'",
        '"30s"',
        '"""a\nb"""'
      ])
      switch (random.below(5)) {
        case 0:
          lines[at] = line.replace(/=.*/, `= ${value}`)
          break
        case 1:
          lines[at] = line.replace(
            /^\w+/,
            random.pick(["nam", "runtime", "envs", "servers", "__proto__", "TAKO_KEY"])
          )
          break
        case 2:
          lines = lines.toSpliced(at, 1)
          break
        case 3:
          lines = lines.toSpliced(at, 0, random.pick(lines))
          break
        default:
          lines = lines.toSpliced(
            at,
            0,
            `${random.pick(["a.b.c", "x", "[x", "[[envs]]", "vars", '"a b"'])} = ${value}`
          )
      }
    }
    const text = lines.join("\n")
    return random.chance(0.4) ? mangledText(random, text) : text
  },
  feed: async (text) => {
    const read = await Effect.runPromise(Effect.either(readConfig(text, "/project/tako.toml", "project")))
    if (Either.isRight(read)) return "read"
    checkMessage(read.left.message)
    return read.left.problem.startsWith("not TOML") ? "ConfigInvalid, not TOML" : "ConfigInvalid"
  },
  outcomes: ["read", "ConfigInvalid, not TOML", "ConfigInvalid"],
  giants: () => {
    const MiB = 1024 * 1024
    return [
      ["1 MiB of [", "[".repeat(MiB)],
      ["a key of 300,000 parts", `${"a.".repeat(300_000)}a = 1`],
      ["100,000 tables", Array.from({ length: 80_000 }, (_, index) => `[t${index}]`).join("\n")],
      ["1 MiB list", `include = [${'"",'.repeat(MiB / 4)}]`],
      ["a comment of 1 MiB", `#${"x".repeat(MiB)}`],
      ["1 MiB of escapes", `name = "${"\\u0041".repeat(MiB / 6)}"`],
      ["1 MiB of quotes", '"'.repeat(MiB)],
      ["1 MiB of blank lines", "\n".repeat(MiB)],
      [
        "30,000 tables in tables",
        Array.from({ length: 30_000 }, (_, index) => `[a.b.c.t${index}]\nx = 1`).join("\n")
      ],
      ["nested inline tables", `a = ${"{a=".repeat(200_000)}`],
      ["a number of 1 Mi digits", `a = ${"9".repeat(MiB)}`]
    ]
  },
  ...texts
}

const tree = leavesOf(root.spec)
const flags = allFlags(root.spec)
const argvWords = [
  ...new Set(tree.flatMap(({ words }) => words)),
  ...flags.flatMap((flag) => [`--${flag}`, `--${flag}=x`, `--${flag}=canary-value-of-the-fuzz-1`]),
  "-e",
  "-ex",
  "-h",
  "-y",
  "-c",
  "-V",
  "--",
  "-",
  "--help",
  "--version",
  "--wizard",
  "help",
  "A",
  "DATABASE_URL",
  "",
  "=",
  "--no-color",
  "--ENV",
  "--no-env",
  "\0",
  "\u2028",
  "ü",
  "--env"
]

/** Values pasted where they do not belong, which no message may repeat. */
const pasted = ["canary-value-of-the-fuzz-1", "A=canary-value-of-the-fuzz-1", "-canary-value-of-the-fuzz-1"]

/** A command line behind `tako`, read by the pure parser. */
export const argv: Target<ReadonlyArray<string>> = {
  name: "command line",
  share: 22,
  make: (random) => {
    const start = random.chance(0.7) ? random.pick(tree).words : []
    const rest = Array.from({ length: random.below(6) }, () => {
      if (random.chance(0.1)) return random.pick(pasted)
      return random.chance(0.1) ? mangledText(random, random.pick(argvWords)) : random.pick(argvWords)
    })
    return [...start, ...rest]
  },
  feed: (typed) => {
    const prepared = prepare(root.spec, typed)
    if (Either.isLeft(prepared)) {
      checkMessage(prepared.left.message)
      return prepared.left._tag
    }
    return prepared.right._tag
  },
  outcomes: ["Usage", "Help", "Version", "Invoke"],
  giants: () => [
    ["100,000 arguments", ["run", ...Array.from({ length: 100_000 }, () => "x")]],
    ["100,000 arguments too many", ["secrets", "get", ...Array.from({ length: 100_000 }, () => "x")]],
    ["a flag of 1 MiB", ["secrets", "ls", `--${"e".repeat(1024 * 1024)}`]],
    ["1 Mi short flags", ["secrets", "ls", `-${"e".repeat(1024 * 1024)}`]],
    ["a command of 1 MiB", ["x".repeat(1024 * 1024)]],
    ["50,000 flags", ["secrets", "ls", ...Array.from({ length: 50_000 }, () => "--json")]],
    ["50,000 words for help", Array.from({ length: 50_000 }, () => "help")]
  ],
  smaller: smallerList,
  shown: (typed) => JSON.stringify(typed)
}
