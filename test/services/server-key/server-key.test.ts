import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as SecretSet from "../../../src/domain/app/secret-set.ts"
import { contract } from "../../../src/services/server-key/contract.ts"
import { layer, type ServerKeyOptions } from "../../../src/services/server-key/layer.ts"
import { layerMemory } from "../../../src/services/server-key/layer-memory.ts"
import { ServerKey } from "../../../src/services/server-key/server-key.ts"
import { testContract } from "../../support/contract.ts"
import { temporaryFolder } from "../files/folder.ts"
import { app, secretsOf } from "../server-state/values.ts"

const textOf = (secrets: SecretSet.SecretSet) => Redacted.value(SecretSet.encode(secrets))

const places = Effect.map(temporaryFolder(), (folder) => ({
  file: Path.join(folder, "etc", "server.key"),
  dataDirectory: Path.join(folder, "data"),
  hasData: Effect.succeed(false)
}))

testContract("ServerKey", contract, Layer.unwrapScoped(Effect.map(places, layer)))
testContract("ServerKey in memory", contract, layerMemory)

const hashUnder = (options: ServerKeyOptions) =>
  Effect.provide(
    Effect.flatMap(ServerKey, (key) => Effect.map(key.hash(app, secretsOf(1)), (hash) => [key.origin, hash])),
    layer(options)
  )

describe("the file of the server key", () => {
  it.scopedLive("is created once with mode 0600, and used from then on", () =>
    Effect.gen(function* () {
      const options = yield* places
      const all = yield* Effect.all([hashUnder(options), hashUnder(options)], { concurrency: "unbounded" })
      assert.deepStrictEqual(all[0], all[1])
      assert.strictEqual(Fs.statSync(options.file).mode & 0o7777, 0o600)
      assert.deepStrictEqual(Fs.readdirSync(Path.dirname(options.file)), ["server.key"])
      const restarted = yield* hashUnder({ ...options, hasData: Effect.succeed(true) })
      assert.deepStrictEqual(restarted, all[0])
      assert.strictEqual(restarted[0], "key-file")
    })
  )

  it.scopedLive("is hashed as other programs can compute it", () =>
    Effect.gen(function* () {
      const options = yield* places
      const [, hash] = yield* hashUnder(options)
      const key = Buffer.from(Fs.readFileSync(options.file, "latin1"), "base64")
      const hashKey = Buffer.from(Crypto.hkdfSync("sha256", key, "", "tako/hash/v1", 32))
      const json = textOf(secretsOf(1))
      const message = Buffer.concat([
        Buffer.from([0, 0, 0, app.length]),
        Buffer.from(app),
        Buffer.from([0, 0, 0, json.length]),
        Buffer.from(json)
      ])
      assert.strictEqual(hash, Crypto.createHmac("sha256", hashKey).update(message).digest("hex"))
    })
  )

  it.scopedLive("is not recreated if it is missing while there is data", () =>
    Effect.gen(function* () {
      const options = yield* places
      const error = yield* Effect.flip(hashUnder({ ...options, hasData: Effect.succeed(true) }))
      assert.deepInclude(error, { _tag: "ServerKeyRefused", problem: "missing" })
      assert.isFalse(Fs.existsSync(options.file))
    })
  )

  it.scopedLive("may not be in the data directory, by any path", () =>
    Effect.gen(function* () {
      const options = yield* places
      Fs.mkdirSync(options.dataDirectory)
      const around = `${options.dataDirectory}-link`
      Fs.symlinkSync(options.dataDirectory, around)
      for (const file of [`${options.dataDirectory}/sub/server.key`, `${around}/server.key`]) {
        const error = yield* Effect.flip(hashUnder({ ...options, file }))
        assert.deepInclude(error, { _tag: "ServerKeyRefused", problem: "in-data-directory" })
      }
    })
  )

  it.scopedLive.each([
    ["permissions", (file: string) => Fs.chmodSync(file, 0o640)],
    ["content", (file: string) => Fs.truncateSync(file, 20)],
    [
      "symlink",
      (file: string) => {
        Fs.renameSync(file, `${file}-moved`)
        Fs.symlinkSync(`${file}-moved`, file)
      }
    ]
  ] as const)("is refused for its %s", ([problem, meddle]) =>
    Effect.gen(function* () {
      const options = yield* places
      yield* hashUnder(options)
      meddle(options.file)
      const error = yield* Effect.flip(hashUnder(options))
      assert.deepInclude(error, { _tag: "ServerKeyRefused", problem })
    })
  )
})

describe("systemd's credential", () => {
  it.scopedLive("is used if credentials are set, and nothing else is used if it is missing", () =>
    Effect.gen(function* () {
      const options = { ...(yield* places), credentials: yield* temporaryFolder() }
      const path = Path.join(options.credentials, "tako-server.key")
      const missing = yield* Effect.flip(hashUnder(options))
      assert.deepInclude(missing, { _tag: "ServerKeyRefused", problem: "no-credential" })
      assert.isFalse(Fs.existsSync(options.file))
      Fs.writeFileSync(path, `${Buffer.alloc(32, 7).toString("base64")}\n`, { mode: 0o400 })
      const [origin] = yield* hashUnder(options)
      assert.strictEqual(origin, "credential")
      Fs.chmodSync(path, 0o444)
      assert.deepInclude(yield* Effect.flip(hashUnder(options)), { problem: "permissions" })
    })
  )
})
