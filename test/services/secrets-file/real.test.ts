import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { nameOf, names, set, setting } from "../../../src/services/secrets-file/contract.ts"
import { SecretsFile } from "../../../src/services/secrets-file/secrets-file.ts"
import { temporaryFolder } from "../files/folder.ts"
import { makeOld } from "../files/locks.ts"
import { provideIn } from "./project.ts"

const within = <A, E>(test: (root: string, path: string) => Effect.Effect<A, E, SecretsFile>) =>
  Effect.flatMap(temporaryFolder(), (root) =>
    provideIn(root)(Effect.suspend(() => test(root, Path.join(root, ".tako", "secrets.json"))))
  )

const textWith = (secret: string) => {
  const salt = Buffer.alloc(16, 1).toString("base64")
  return `{"production":{"salt":"${salt}","secrets":{"${secret}":"${Buffer.alloc(28).toString("base64")}"}}}`
}
const refusal = Effect.flatMap(SecretsFile, ({ read }) => Effect.flip(read))
const writeRefusal = Effect.flip(set("B"))
const modeOf = (path: string) => Fs.statSync(path).mode & 0o7777

describe("the secrets file on disk", () => {
  it.scopedLive("is created with its folder, readable by all, less the umask", () =>
    within((root, path) =>
      Effect.gen(function* () {
        yield* set("A")
        const mask = process.umask()
        assert.strictEqual(modeOf(path), 0o644 & ~mask)
        assert.strictEqual(modeOf(Path.dirname(path)), 0o755 & ~mask)
        assert.deepStrictEqual(Fs.readdirSync(root), [".tako"])
        assert.deepStrictEqual(Fs.readdirSync(Path.dirname(path)), ["secrets.json"])
      })
    )
  )

  it.scopedLive("keeps its mode", () =>
    within((_, path) =>
      Effect.gen(function* () {
        yield* set("A")
        Fs.chmodSync(path, 0o664)
        yield* set("B")
        assert.strictEqual(modeOf(path), 0o664)
      })
    )
  )

  it.scopedLive("is left alone if nothing changes, however it is formatted", () =>
    within((_, path) =>
      Effect.gen(function* () {
        Fs.mkdirSync(Path.dirname(path))
        Fs.writeFileSync(path, textWith("A"))
        makeOld(path)
        const before = Fs.statSync(path)
        const file = yield* SecretsFile
        yield* file.update(Effect.succeed)
        yield* file.update((current) => Effect.succeed(setting("A")(current)))
        const after = Fs.statSync(path)
        assert.deepStrictEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs])
        assert.deepStrictEqual(Fs.readdirSync(Path.dirname(path)), ["secrets.json"])
      })
    )
  )

  it.scopedLive("is refused if damaged, and left unchanged", () =>
    within((_, path) =>
      Effect.gen(function* () {
        Fs.mkdirSync(Path.dirname(path))
        const conflict = `<<<<<<< HEAD\n${textWith("A")}\n`
        Fs.writeFileSync(path, conflict)
        assert.deepInclude(yield* refusal, { _tag: "SecretsFileDamaged", reason: "conflict" })
        assert.deepInclude(yield* writeRefusal, { _tag: "SecretsFileDamaged", reason: "conflict" })
        assert.strictEqual(Fs.readFileSync(path, "utf8"), conflict)
        Fs.writeFileSync(path, Buffer.alloc(5 * 1024 * 1024, 0x20))
        assert.deepInclude(yield* refusal, { reason: "too-large" })
      })
    )
  )

  it.scopedLive.each([
    ["another program wrote it", (path: string) => Fs.writeFileSync(path, textWith("C"))],
    ["another program removed it", (path: string) => Fs.rmSync(path)],
    [
      "another program replaced it by one of the same length and time",
      (path: string) => {
        const { atime, mtime } = Fs.statSync(path)
        Fs.writeFileSync(path, Fs.readFileSync(path, "utf8").replace('"A"', '"X"'))
        Fs.utimesSync(path, atime, mtime)
      }
    ],
    [
      "another program put a link there",
      (path: string) => {
        Fs.renameSync(path, `${path}-moved`)
        Fs.symlinkSync(`${path}-moved`, path)
      }
    ],
    ["the lock was broken", (path: string) => Fs.rmSync(`${path}.lock`)]
  ] as const)("is not overwritten when %s in the meantime", ([_, meddle]) =>
    within((_, path) =>
      Effect.gen(function* () {
        yield* set("A")
        const file = yield* SecretsFile
        let after = ""
        const snapshot = () => (Fs.existsSync(path) ? Fs.readFileSync(path, "utf8") : "none")
        const error = yield* Effect.flip(
          file.update((current) =>
            Effect.sync(() => {
              meddle(path)
              after = snapshot()
              return setting("B")(current)
            })
          )
        )
        assert.strictEqual(error._tag, "SecretsFileChanged")
        assert.include(error.message, "Run the same command again")
        assert.strictEqual(snapshot(), after)
        assert.notInclude(Fs.readdirSync(Path.dirname(path)).join(), ".tmp")
      })
    )
  )

  it.scopedLive("does not replace one that was created in the meantime", () =>
    within((_, path) =>
      Effect.gen(function* () {
        const file = yield* SecretsFile
        const error = yield* Effect.flip(
          file.update((current) =>
            Effect.sync(() => {
              Fs.writeFileSync(path, textWith("C"))
              return setting("B")(current)
            })
          )
        )
        assert.strictEqual(error._tag, "SecretsFileChanged")
        assert.deepStrictEqual(yield* names, [nameOf("C")])
      })
    )
  )

  describe("behind a link", () => {
    it.scopedLive("within the project is followed, with the lock beside the file", () =>
      within((root, path) =>
        Effect.gen(function* () {
          const real = Path.join(root, "config")
          Fs.mkdirSync(real)
          Fs.mkdirSync(Path.dirname(path))
          Fs.writeFileSync(Path.join(real, "s.json"), textWith("A"))
          Fs.symlinkSync("../config/s.json", path)
          const file = yield* SecretsFile
          yield* file.update((current) =>
            Effect.sync(() => {
              assert.deepStrictEqual(Fs.readdirSync(real).sort(), ["s.json", "s.json.lock"])
              return setting("B")(current)
            })
          )
          assert.isTrue(Fs.lstatSync(path).isSymbolicLink())
          assert.include(Fs.readFileSync(Path.join(real, "s.json"), "utf8"), '"B"')
          assert.deepStrictEqual(Fs.readdirSync(real), ["s.json"])
        })
      )
    )

    it.scopedLive("of its folder within the project is followed", () =>
      within((root) =>
        Effect.gen(function* () {
          Fs.mkdirSync(Path.join(root, "config"))
          Fs.symlinkSync("config", Path.join(root, ".tako"))
          yield* set("A")
          assert.deepStrictEqual(Fs.readdirSync(Path.join(root, "config")), ["secrets.json"])
        })
      )
    )

    it.scopedLive("that leads out of the project is refused, and nothing is created there", () =>
      Effect.gen(function* () {
        const outside = yield* temporaryFolder()
        const target = Path.join(outside, "s.json")
        Fs.writeFileSync(target, textWith("A"))
        yield* within((_, path) =>
          Effect.gen(function* () {
            Fs.mkdirSync(Path.dirname(path))
            Fs.symlinkSync(target, path)
            const expected = { _tag: "PathRefused", reason: "symlink-outside-project" } as const
            assert.deepInclude(yield* refusal, expected)
            assert.deepInclude(yield* writeRefusal, expected)
          })
        )
        yield* within((root) =>
          Effect.gen(function* () {
            Fs.symlinkSync(outside, Path.join(root, ".tako"))
            assert.deepInclude(yield* refusal, { _tag: "PathRefused", reason: "symlink-outside-project" })
            assert.deepInclude(yield* writeRefusal, { _tag: "PathRefused" })
          })
        )
        assert.deepStrictEqual(Fs.readdirSync(outside), ["s.json"])
        assert.strictEqual(Fs.readFileSync(target, "utf8"), textWith("A"))
      })
    )

    it.scopedLive("into a folder whose name only starts like the project's is refused", () =>
      within((root, path) =>
        Effect.gen(function* () {
          const sibling = `${root}-other`
          Fs.mkdirSync(sibling)
          yield* Effect.addFinalizer(() => Effect.sync(() => Fs.rmSync(sibling, { recursive: true })))
          Fs.writeFileSync(Path.join(sibling, "s.json"), textWith("A"))
          Fs.mkdirSync(Path.dirname(path))
          Fs.symlinkSync(Path.join(sibling, "s.json"), path)
          assert.deepInclude(yield* refusal, { _tag: "PathRefused", reason: "symlink-outside-project" })
        }).pipe(Effect.scoped)
      )
    )

    it.scopedLive("that is dangling or circular is refused", () =>
      within((_, path) =>
        Effect.gen(function* () {
          Fs.mkdirSync(Path.dirname(path))
          for (const target of ["missing.json", "secrets.json"]) {
            Fs.symlinkSync(target, path)
            assert.deepInclude(yield* refusal, { _tag: "PathRefused", reason: "not-a-file" })
            assert.deepInclude(yield* writeRefusal, { _tag: "PathRefused", reason: "not-a-file" })
            Fs.unlinkSync(path)
          }
          assert.deepStrictEqual(Fs.readdirSync(Path.dirname(path)), [])
        })
      )
    )
  })

  const others: ReadonlyArray<readonly [string, (path: string) => void]> = [
    ["a folder", (path: string) => Fs.mkdirSync(path)],
    [
      "a FIFO that nobody writes to",
      (path: string) => assert.strictEqual(spawnSync("mkfifo", [path]).status, 0)
    ],
    ["a device", (path: string) => Fs.symlinkSync("/dev/zero", path)]
  ]
  it.scopedLive.each(others)("that is %s is refused without waiting", ([_, make]) =>
    within((_, path) =>
      Effect.gen(function* () {
        Fs.mkdirSync(Path.dirname(path))
        make(path)
        assert.strictEqual((yield* refusal)._tag, "PathRefused")
        assert.strictEqual((yield* writeRefusal)._tag, "PathRefused")
      })
    )
  )

  it.scopedLive("says why it cannot be read or written", () =>
    within((root) =>
      Effect.gen(function* () {
        Fs.writeFileSync(Path.join(root, ".tako"), "")
        const error = yield* refusal
        assert.deepInclude(error, { _tag: "FileFailed", operation: "read", code: "ENOTDIR" })
        assert.strictEqual((yield* writeRefusal)._tag, "FileFailed")
      })
    )
  )
})
