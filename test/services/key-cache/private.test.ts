import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { unsafeProblems } from "../../../src/domain/errors/files.ts"
import type { KeyId } from "../../../src/domain/key.ts"
import { ourselves } from "../../../src/services/files/owner.ts"
import { KeyCache } from "../../../src/services/key-cache/key-cache.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { temporaryFolder } from "../files/folder.ts"
import { provideIn } from "./home.ts"

const id = "fedcba9876543210" as KeyId
const canary = Redacted.make(new Uint8Array(32).fill(0xca))
const text = `${Buffer.alloc(32, 0xca).toString("base64")}\n`
const root = process.geteuid?.() === 0

interface Place {
  readonly home: string
  readonly keys: string
  readonly file: string
}

const placeIn = (home: string): Place => {
  const keys = Path.join(home, "keys")
  return { home, keys, file: Path.join(keys, id) }
}

/** Runs the test in a home with one cached key. */
const kept = <A, E>(test: (place: Place) => Effect.Effect<A, E, KeyCache>) =>
  Effect.flatMap(temporaryFolder(), (home) =>
    provideIn(home)(
      Effect.zipRight(
        Effect.flatMap(KeyCache, (cache) => cache.keep(id, canary)),
        Effect.suspend(() => test(placeIn(home)))
      )
    )
  )

const find = Effect.flatMap(KeyCache, (cache) => cache.find(id))
const keep = Effect.flatMap(KeyCache, (cache) => cache.keep(id, Redacted.make(new Uint8Array(32).fill(1))))
const forget = Effect.flatMap(KeyCache, (cache) => cache.forget(id))
const modeOf = (path: string) => (Fs.statSync(path).mode & 0o7777).toString(8)

const problems = { ...unsafeProblems, content: "does not contain what tako writes there" }

/** Checks that the path is neither read nor written, and that the command in the message makes it safe again. */
const unsafe = (problem: keyof typeof problems, path: string) =>
  Effect.gen(function* () {
    const before = Fs.lstatSync(path)
    for (const use of [Effect.asVoid(find), Effect.asVoid(keep)]) {
      const error = yield* Effect.flip(use)
      assert.deepStrictEqual([error.reason, error.location], ["unsafe", path])
      assert.strictEqual(error.because, problems[problem])
      assert.include(error.message, path)
      assert.notInclude(JSON.stringify(error) + error.message, "ysrKysrK", "no key in the error")
    }
    assert.deepStrictEqual(Fs.lstatSync(path).ino, before.ino)
  })

const mend = Effect.gen(function* () {
  const { message } = yield* Effect.flip(find)
  const command = message.split("Fix it: ")[1] ?? ""
  assert.strictEqual(spawnSync("sh", ["-c", command.replace("inspect it, then remove it: ", "")]).status, 0)
  yield* find
})

describe("a kept key", () => {
  it.scopedLive("is the base64 of 32 bytes and a newline, and private", () =>
    kept(({ home, keys, file }) =>
      Effect.sync(() => {
        assert.strictEqual(Fs.readFileSync(file, "utf8"), text)
        assert.strictEqual(modeOf(file), "600")
        assert.strictEqual(modeOf(keys), "700")
        assert.deepStrictEqual(Fs.readdirSync(home, { recursive: true }).sort(), ["keys", `keys/${id}`])
      })
    )
  )

  it.scopedLive("is not rewritten if it is kept again", () =>
    kept(({ file }) =>
      Effect.gen(function* () {
        const { ino } = Fs.statSync(file)
        const location = yield* Effect.flatMap(KeyCache, (cache) => cache.keep(id, canary))
        assert.strictEqual(location, file)
        assert.strictEqual(Fs.statSync(file).ino, ino)
      })
    )
  )

  it.scopedLive("takes leftovers of its writers with it when it is removed", () =>
    kept(({ keys }) =>
      Effect.gen(function* () {
        const { boot, namespace, pid } = ourselves()
        const left = Path.join(keys, `0123456789abcdef.0123456789abcdef-${pid}-1-${namespace}-${boot}.tmp`)
        Fs.writeFileSync(left, text)
        assert.isTrue(yield* forget)
        assert.deepStrictEqual(Fs.readdirSync(keys), [])
      })
    )
  )

  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o601]) {
    it.scopedLive(`is refused with mode ${mode.toString(8)}, until that is mended`, () =>
      kept(({ file }) =>
        Effect.gen(function* () {
          Fs.chmodSync(file, mode)
          yield* unsafe("permissions", file)
          yield* mend
          assert.isTrue(Option.isSome(yield* find))
        })
      )
    )
  }

  it.scopedLive("is refused in a folder that others can enter or change", () =>
    kept(({ home, keys }) =>
      Effect.gen(function* () {
        for (const mode of [0o750, 0o705, 0o710, 0o722]) {
          Fs.chmodSync(keys, mode)
          yield* unsafe("permissions", keys)
          yield* mend
        }
        for (const mode of [0o770, 0o702, 0o777]) {
          Fs.chmodSync(home, mode)
          yield* unsafe("permissions", home)
          yield* mend
        }
        Fs.chmodSync(home, 0o755)
        assert.isTrue(Option.isSome(yield* find))
      })
    )
  )

  it.scopedLive("is not found through a link, anywhere in its path", () =>
    kept((place) =>
      Effect.gen(function* () {
        for (const path of [place.file, place.keys, place.home]) {
          Fs.renameSync(path, `${path}-moved`)
          Fs.symlinkSync(`${path}-moved`, path)
          yield* unsafe("symlink", path)
          Fs.unlinkSync(path)
          Fs.renameSync(`${path}-moved`, path)
        }
        assert.isTrue(Option.isSome(yield* find))
      })
    )
  )

  it.scopedLive("must be a file in a folder", () =>
    kept(({ keys, file }) =>
      Effect.gen(function* () {
        Fs.unlinkSync(file)
        Fs.mkdirSync(file)
        yield* unsafe("not-a-file", file)
        Fs.rmdirSync(file)
        assert.strictEqual(spawnSync("mkfifo", ["-m", "600", file]).status, 0)
        yield* unsafe("not-a-file", file)
        Fs.unlinkSync(file)
        Fs.rmdirSync(keys)
        Fs.writeFileSync(keys, "")
        yield* unsafe("not-a-directory", keys)
      })
    )
  )

  it.skipIf(!root)("is refused if it, or its folder, belongs to another user (needs root)", () =>
    kept((place) =>
      Effect.gen(function* () {
        for (const path of [place.file, place.keys, place.home]) {
          Fs.chownSync(path, 4321, 4321)
          yield* unsafe("foreign-owner", path)
          Fs.chownSync(path, 0, 0)
        }
        assert.isTrue(Option.isSome(yield* find))
      })
    ).pipe(Effect.scoped, Effect.runPromise)
  )

  const contents: ReadonlyArray<readonly [string, string]> = [
    ["empty", ""],
    ["without its newline", text.trimEnd()],
    ["with a newline more", `${text}\n`],
    ["with CRLF", text.replace("\n", "\r\n")],
    ["of 31 bytes", `${Buffer.alloc(31, 0xca).toString("base64")}\n`],
    ["of 33 bytes", `${Buffer.alloc(33, 0xca).toString("base64")}\n`],
    ["without padding", text.replace("=", "")],
    ["with spare bits", text.replace(/.=\n/, "p=\n")],
    ["not base64", `${"!".repeat(44)}\n`],
    ["a megabyte", "A".repeat(1024 * 1024)]
  ]
  it.scopedLive.each(contents)("is refused if it is %s", ([_, content]) =>
    kept(({ file }) =>
      Effect.gen(function* () {
        Fs.writeFileSync(file, content)
        yield* unsafe("content", file)
        assert.isTrue(yield* forget)
        assert.isTrue(Option.isNone(yield* find))
      })
    )
  )

  it.scopedLive("is forgotten even if it is unsafe, and a link without its target", () =>
    kept(({ file }) =>
      Effect.gen(function* () {
        Fs.renameSync(file, `${file}-moved`)
        Fs.symlinkSync(`${file}-moved`, file)
        assert.isTrue(yield* forget)
        assert.isTrue(Fs.existsSync(`${file}-moved`))
      })
    )
  )
})

describe("keys and pins", () => {
  let program: Bundle
  beforeAll(async () => {
    program = await bundle(Path.join(import.meta.dirname, "fixture.ts"))
  })
  afterAll(() => program?.remove())

  /** Root runs these without privileges as well, because they would hide what a umask takes away. */
  const users = root ? [0, 65534] : [process.geteuid?.() ?? 0]
  for (const uid of users) {
    for (const umask of ["0", "022", "077", "0777"]) {
      it.scopedLive(`are private with umask ${umask} as uid ${uid}`, () =>
        Effect.gen(function* () {
          const folder = yield* temporaryFolder()
          if (root) Fs.chownSync(folder, uid, uid)
          Fs.chmodSync(Path.dirname(program.path), 0o755)
          const home = Path.join(folder, "share", "tako")
          const { status, stderr } = spawnSync(process.execPath, [program.path, home, umask], {
            encoding: "utf8",
            cwd: folder,
            ...(root ? { uid, gid: uid } : {})
          })
          assert.deepStrictEqual([status, stderr], [0, ""])
          const { keys, file } = placeIn(home)
          for (const path of [Path.dirname(home), home, keys]) assert.strictEqual(modeOf(path), "700", path)
          for (const path of [file, Path.join(home, "pins.json")])
            assert.strictEqual(modeOf(path), "600", path)
          assert.deepStrictEqual(Fs.readdirSync(home).sort(), ["keys", "pins.json"])
        })
      )
    }
  }
})
