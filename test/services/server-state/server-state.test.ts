import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as AppState from "../../../src/domain/app/app-state.ts"
import * as SecretSet from "../../../src/domain/app/secret-set.ts"
import type { DataUnsafe } from "../../../src/domain/errors/server.ts"
import * as KeyInMemory from "../../../src/services/server-key/layer-memory.ts"
import { contract } from "../../../src/services/server-state/contract.ts"
import { layer, layerMemoryOnly } from "../../../src/services/server-state/layer.ts"
import { layerMemory } from "../../../src/services/server-state/layer-memory.ts"
import { ServerState } from "../../../src/services/server-state/server-state.ts"
import { testContract } from "../../support/contract.ts"
import { temporaryFolder } from "../files/folder.ts"
import { app, at, canary, other, recordOf, revision, secretsOf } from "./values.ts"

const dataIn = Effect.map(temporaryFolder(), (folder) => Path.join(folder, "data"))
const appFolder = (directory: string) => Path.join(directory, "apps", "shop", "production")

testContract(
  "ServerState",
  contract,
  Layer.unwrapScoped(
    Effect.map(dataIn, (directory) => Layer.provide(layer({ directory }), KeyInMemory.layerMemory))
  )
)
testContract(
  "ServerState with secrets in memory only",
  contract,
  Layer.unwrapScoped(Effect.map(dataIn, (directory) => layerMemoryOnly({ directory })))
)
testContract("ServerState in memory", contract, layerMemory)

/** A data directory, and a function that runs one server after another on it, all with the same key. */
const server = Effect.gen(function* () {
  const directory = yield* dataIn
  const key = yield* Layer.build(KeyInMemory.layerMemory)
  const life = <A, E>(test: Effect.Effect<A, E, ServerState>) =>
    Effect.provide(test, Layer.provide(layer({ directory }), Layer.succeedContext(key)))
  return { directory, life, folder: appFolder(directory) }
})

/** Commits revision n of the app as its current one. */
const commit = (n: number) =>
  Effect.flatMap(ServerState, (state) =>
    Effect.zipRight(
      state.stage(app, revision(n), secretsOf(n)),
      state.write(AppState.withRevision(AppState.create(app), recordOf(n)))
    )
  )

const secrets = (of = app, n = 1) =>
  Effect.flatMap(ServerState, (state) =>
    Effect.map(state.secrets(of, revision(n)), (found) => Redacted.value(SecretSet.encode(found)))
  )

const read = Effect.flatMap(ServerState, (state) => state.read(app))

describe("a data directory", () => {
  it.scopedLive("is private, and has no value in plaintext", () =>
    Effect.gen(function* () {
      const { directory, life, folder } = yield* server
      const mask = process.umask(0)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.umask(mask)))
      yield* life(
        Effect.zipRight(
          commit(1),
          Effect.flatMap(ServerState, (state) => state.record(app, { at, action: "stop", outcome: "done" }))
        )
      )
      assert.deepStrictEqual(Fs.readdirSync(folder).sort(), ["audit.jsonl", "secrets.1.enc", "state.json"])
      const all = Fs.readdirSync(directory, { recursive: true, encoding: "utf8" }).map((name) =>
        Path.join(directory, name)
      )
      for (const path of [directory, ...all]) {
        const stats = Fs.lstatSync(path)
        assert.strictEqual(stats.mode & 0o7777, stats.isDirectory() ? 0o700 : 0o600, path)
        if (stats.isFile()) assert.notInclude(Fs.readFileSync(path, "latin1"), canary)
      }
    })
  )

  it.scopedLive("can be used by one server at a time", () =>
    Effect.gen(function* () {
      const { life } = yield* server
      const error = yield* life(Effect.flip(life(Effect.void)))
      assert.deepInclude(error, { _tag: "SocketRefused", problem: "taken" })
      yield* life(Effect.void)
    })
  )

  it.scopedLive("survives a restart of its server", () =>
    Effect.gen(function* () {
      const { life } = yield* server
      yield* life(commit(1))
      assert.include(yield* life(secrets()), `${canary}-1`)
    })
  )

  it.scopedLive("loses the leftovers of a crash, and nothing else", () =>
    Effect.gen(function* () {
      const { life, folder } = yield* server
      yield* life(commit(1))
      const leftovers = ["secrets.2.enc", "state.json.0-1-2-3-b.tmp", "secrets.2.enc.0-1-2-3-b.tmp"]
      for (const name of [...leftovers, "notes.txt"]) Fs.writeFileSync(Path.join(folder, name), "x")
      yield* life(Effect.void)
      assert.deepStrictEqual(Fs.readdirSync(folder).sort(), ["notes.txt", "secrets.1.enc", "state.json"])
      Fs.writeFileSync(Path.join(folder, "state.json"), "{")
      Fs.writeFileSync(Path.join(folder, "secrets.2.enc"), "x")
      yield* life(Effect.void)
      assert.include(Fs.readdirSync(folder), "secrets.2.enc")
    })
  )

  it.scopedLive("with a damaged state keeps only that app from being used", () =>
    Effect.gen(function* () {
      const { life, folder } = yield* server
      yield* life(commit(1))
      Fs.truncateSync(Path.join(folder, "state.json"), 20)
      yield* life(
        Effect.gen(function* () {
          const state = yield* ServerState
          yield* state.write(AppState.create(other))
          assert.deepStrictEqual(yield* state.apps, [app, other])
          const error = yield* Effect.flip(state.read(app))
          assert.deepInclude(error, { _tag: "StateDamaged", reason: "content" })
          assert.include(error.message, "Nothing was started")
          yield* state.read(other)
        })
      )
    })
  )

  const swaps: ReadonlyArray<readonly [string, (folder: string) => void]> = [
    ["another revision's", (folder) => Fs.copyFileSync(`${folder}/secrets.2.enc`, `${folder}/secrets.1.enc`)],
    [
      "another app's",
      (folder) => Fs.copyFileSync(`${folder}/../staging/secrets.1.enc`, `${folder}/secrets.1.enc`)
    ],
    ["cut off", (folder) => Fs.truncateSync(`${folder}/secrets.1.enc`, 40)],
    ["empty", (folder) => Fs.truncateSync(`${folder}/secrets.1.enc`, 0)],
    [
      "changed in one bit",
      (folder) => {
        const blob = Fs.readFileSync(`${folder}/secrets.1.enc`)
        blob[20] = (blob[20] as number) ^ 1
        Fs.writeFileSync(`${folder}/secrets.1.enc`, blob)
      }
    ]
  ]
  it.scopedLive.each(swaps)("does not open a blob that is %s", ([_, swap]) =>
    Effect.gen(function* () {
      const { life, folder } = yield* server
      yield* life(
        Effect.gen(function* () {
          const state = yield* ServerState
          for (const n of [1, 2]) yield* state.stage(app, revision(n), secretsOf(n))
          yield* state.stage(other, revision(1), secretsOf(1))
          swap(folder)
          const error = yield* Effect.flip(secrets())
          assert.deepInclude(error, { _tag: "RevisionUnreadable", reason: "sealed" })
          assert.include(error.message, "tako secrets sync --env production")
        })
      )
    })
  )

  const link = (path: string) => {
    Fs.renameSync(path, `${path}-moved`)
    Fs.symlinkSync(`${path}-moved`, path)
  }
  const meddlings: ReadonlyArray<readonly [string, DataUnsafe["problem"], (folder: string) => void]> = [
    ["whose state is a link", "symlink", (folder) => link(`${folder}/state.json`)],
    ["whose state others can read", "permissions", (folder) => Fs.chmodSync(`${folder}/state.json`, 0o644)],
    ["whose folder is a link", "symlink", link],
    ["whose folder is open", "permissions", (folder) => Fs.chmodSync(folder, 0o755)],
    ["whose project's folder is open", "permissions", (folder) => Fs.chmodSync(Path.dirname(folder), 0o701)]
  ]
  it.scopedLive.each(meddlings)("does not use an app %s", ([_, problem, meddle]) =>
    Effect.gen(function* () {
      const { life, folder } = yield* server
      yield* life(commit(1))
      meddle(folder)
      const error = yield* life(Effect.flip(read))
      assert.deepInclude(error, { _tag: "DataUnsafe", problem })
    })
  )

  it.scopedLive.skipIf(process.geteuid?.() !== 0)("does not use what belongs to another user", () =>
    Effect.gen(function* () {
      const { life, folder } = yield* server
      yield* life(commit(1))
      Fs.chownSync(Path.join(folder, "secrets.1.enc"), 65534, 65534)
      const error = yield* life(Effect.flip(secrets()))
      assert.deepInclude(error, { _tag: "DataUnsafe", problem: "foreign-owner" })
      Fs.chownSync(folder, 65534, 65534)
      assert.deepInclude(yield* life(Effect.flip(commit(2))), {
        _tag: "DataUnsafe",
        problem: "foreign-owner"
      })
    })
  )

  it.scopedLive(
    "of a server that keeps secrets in memory awaits them after a restart, and has none on disk",
    () =>
      Effect.gen(function* () {
        const directory = yield* dataIn
        const life = <A, E>(test: Effect.Effect<A, E, ServerState>) =>
          Effect.provide(test, layerMemoryOnly({ directory }))
        yield* life(commit(1))
        assert.deepStrictEqual(Fs.readdirSync(appFolder(directory)), ["state.json"])
        const error = yield* life(Effect.flip(secrets()))
        assert.deepInclude(error, { _tag: "RevisionUnreadable", reason: "awaited" })
      })
  )
})

describe("audit.jsonl", () => {
  it.scopedLive("continues on a new line after one that was cut off", () =>
    Effect.gen(function* () {
      const { life, folder } = yield* server
      const record = Effect.flatMap(ServerState, (state) =>
        state.record(app, { at, action: "stop", outcome: "done" })
      )
      yield* life(record)
      Fs.appendFileSync(Path.join(folder, "audit.jsonl"), '{"at":"2026-')
      yield* life(record)
      const entries = yield* life(Effect.flatMap(ServerState, (state) => state.audit(app, 10)))
      assert.strictEqual(entries.length, 2)
      assert.strictEqual(Fs.readFileSync(Path.join(folder, "audit.jsonl"), "utf8").split("\n").length, 4)
    })
  )

  it.scopedLive("is rotated when it is long, and still read", () =>
    Effect.gen(function* () {
      const { life, folder } = yield* server
      const file = Path.join(folder, "audit.jsonl")
      const record = (release: number) =>
        Effect.flatMap(ServerState, (state) =>
          state.record(app, { at, action: "deploy", outcome: "done", release })
        )
      const numbers = Effect.map(
        Effect.flatMap(ServerState, (state) => state.audit(app, 3)),
        (entries) => entries.map(({ release }) => release)
      )
      yield* life(record(1))
      const line = Fs.readFileSync(file, "utf8")
      Fs.appendFileSync(file, line.repeat(Math.ceil((8 * 1024 * 1024) / line.length)))
      yield* life(record(2))
      assert.deepStrictEqual(yield* life(numbers), [1, 1, 2])
      assert.strictEqual(Fs.readFileSync(file, "utf8").split("\n").length, 2)
      assert.strictEqual(Fs.statSync(Path.join(folder, "audit.1.jsonl")).mode & 0o777, 0o600)
      yield* life(record(3))
      assert.deepStrictEqual(yield* life(numbers), [1, 2, 3])
      assert.strictEqual(Fs.readdirSync(folder).length, 2)
    })
  )
})
