import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { lock, whileLocked } from "../../../src/services/files/lock.ts"
import { ourselves } from "../../../src/services/files/owner.ts"
import { temporaryName } from "../../../src/services/files/replace.ts"
import { suspended } from "../../support/suspended.ts"
import { temporaryFolder } from "./folder.ts"
import { hastyClock } from "./hasty-clock.ts"
import { abandonLock, goneOwner, lockText, makeOld } from "./locks.ts"

const fileIn = Effect.map(temporaryFolder(), (folder) => Path.join(folder, "file"))
const around = (path: string) => Fs.readdirSync(Path.dirname(path))
const lockAndRelease = (path: string) => whileLocked(path, () => Effect.void)

/** Takes the lock in a scope of its own, so that the test decides when to release it. */
const hold = (path: string) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const held = yield* Scope.extend(lock(path), scope)
    return { isOurs: held.isOurs, release: Scope.close(scope, Exit.void) }
  })

/** Waits for the lock for 30 s, which pass at once; fails with FileLocked if it is still held. */
const whetherHeld = (path: string) =>
  Effect.exit(lockAndRelease(path)).pipe((effect) => Effect.withClock(effect, hastyClock()))

const assertHeld = (path: string, pid?: number) =>
  Effect.gen(function* () {
    const before = Fs.readFileSync(`${path}.lock`, "utf8")
    const exit = yield* whetherHeld(path)
    if (Exit.isSuccess(exit)) return yield* Effect.dieMessage("the lock was not respected")
    const error = yield* Effect.flip(exit)
    if (error._tag !== "FileLocked") return yield* Effect.die(error)
    assert.strictEqual(error.pid, pid)
    assert.strictEqual(error.path, path)
    assert.strictEqual(Fs.readFileSync(`${path}.lock`, "utf8"), before)
  })

const assertBroken = (path: string) =>
  Effect.gen(function* () {
    const exit = yield* whetherHeld(path)
    assert.isTrue(Exit.isSuccess(exit))
    assert.deepStrictEqual(around(path), [])
  })

describe("a lock", () => {
  it.scopedLive("admits one holder at a time, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      let inside = 0
      yield* Effect.forEach(
        Array.from({ length: 20 }),
        () =>
          whileLocked(path, () =>
            Effect.gen(function* () {
              inside += 1
              yield* Effect.sleep(1)
              assert.strictEqual(inside, 1)
              inside -= 1
            })
          ),
        { concurrency: "unbounded", discard: true }
      )
      assert.deepStrictEqual(around(path), [])
    })
  )

  it.scopedLive("is released when its user fails, dies or is interrupted", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      for (const end of [Effect.fail("no"), Effect.die("no"), Effect.interrupt]) {
        assert.isTrue(Exit.isFailure(yield* Effect.exit(whileLocked(path, () => end))))
        assert.deepStrictEqual(around(path), [])
      }
    })
  )

  it.scopedLive("can be waited for interruptibly", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      const held = yield* hold(path)
      const waiting = yield* Effect.fork(lockAndRelease(path))
      yield* suspended(waiting)
      yield* Fiber.interrupt(waiting)
      assert.isTrue(yield* held.isOurs)
      assert.deepStrictEqual(around(path), ["file.lock"])
      yield* held.release
      assert.deepStrictEqual(around(path), [])
    })
  )

  it.scopedLive("of a living process is waited for 30 s, then reported", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      const held = yield* hold(path)
      yield* assertHeld(path, process.pid)
      yield* held.release
    })
  )

  it.scopedLive("of a dead process is broken, even if its pid is reused", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      abandonLock(path)
      yield* assertBroken(path)
    })
  )

  it.scopedLive(
    "older than 60 s is broken even if its owner lives, which then leaves the next one alone",
    () =>
      Effect.gen(function* () {
        const path = yield* fileIn
        const hung = yield* hold(path)
        makeOld(`${path}.lock`, 30)
        yield* assertHeld(path, process.pid)
        makeOld(`${path}.lock`, 61)
        const next = yield* hold(path)
        assert.isFalse(yield* hung.isOurs)
        yield* hung.release
        assert.isTrue(yield* next.isOurs)
        yield* next.release
        assert.deepStrictEqual(around(path), [])
      })
  )

  const elsewhere = {
    "another boot or machine": { ...ourselves(), boot: "0123456789abcdef", pid: 1 },
    "another pid namespace": { ...ourselves(), namespace: "1", pid: 2 ** 22 + 1 }
  }
  for (const [where, owner] of Object.entries(elsewhere)) {
    it.scopedLive(`of ${where} is respected until it is 60 s old`, () =>
      Effect.gen(function* () {
        const path = yield* fileIn
        Fs.writeFileSync(`${path}.lock`, lockText(owner))
        yield* assertHeld(path)
        makeOld(`${path}.lock`)
        yield* assertBroken(path)
      })
    )
  }

  const unreadable: ReadonlyArray<readonly [string, string]> = [
    ["empty", ""],
    ["of another program", "1234\n"],
    ["with a token that leads elsewhere", lockText(goneOwner(), "../../../../etc/")],
    ["with a pid that is a process group", lockText({ ...goneOwner(), pid: -1 })],
    ["too large", " ".repeat(100_000)]
  ]
  it.scopedLive.each(unreadable)("that is %s is respected until it is 60 s old", ([, text]) =>
    Effect.gen(function* () {
      const path = yield* fileIn
      Fs.writeFileSync(`${path}.lock`, text)
      yield* assertHeld(path)
      makeOld(`${path}.lock`)
      yield* assertBroken(path)
    })
  )

  it.scopedLive("is not broken while another living process is breaking it", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      Fs.writeFileSync(`${path}.lock`, lockText(goneOwner(), "00000000000000aa"))
      const breaking = `${path}.lock.break-00000000000000aa`
      Fs.writeFileSync(breaking, lockText(ourselves()))
      makeOld(breaking, 3600)
      yield* assertHeld(path)
    })
  )

  it.scopedLive("is broken if the processes that were breaking it are gone, too", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      Fs.writeFileSync(`${path}.lock`, lockText(goneOwner(), "00000000000000aa"))
      Fs.writeFileSync(`${path}.lock.break-00000000000000aa`, lockText(goneOwner(), "00000000000000bb"))
      Fs.writeFileSync(
        `${path}.lock.break-00000000000000aa.break-00000000000000bb`,
        lockText(goneOwner(), "00000000000000cc")
      )
      yield* assertBroken(path)
    })
  )

  it.scopedLive("that cannot be created is an error that names the file", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      const missing = yield* Effect.flip(lockAndRelease(Path.join(path, "..", "nowhere", "file")))
      assert.deepInclude(missing, { _tag: "FileFailed", operation: "lock", code: "ENOENT" })
      Fs.symlinkSync("/etc/hostname", `${path}.lock`)
      const link = yield* Effect.flip(lockAndRelease(path))
      assert.deepInclude(link, { _tag: "FileFailed", operation: "lock", path, code: "ELOOP" })
    })
  )
})

describe("leftovers of writers", () => {
  it.scopedLive("are removed by the next one, but only if their writers are gone", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      const { boot, namespace, pid, start } = ourselves()
      const nameOf = (owner: string, of = path) => `${of}.0123456789abcdef-${owner}.tmp`
      const gone = [
        nameOf(`${pid}-1-${namespace}-${boot}`),
        nameOf(`${pid}-1-${namespace}-${boot}`, `${path}.lock`),
        nameOf(`${pid}-${start}-1-${boot}`)
      ]
      const kept = [
        temporaryName(path),
        nameOf(`${pid}-${start}-${namespace}-otherboot`),
        `${path}.tmp`,
        `${path}2.0123456789abcdef-${pid}-1-${namespace}-${boot}.tmp`
      ]
      for (const name of [...gone, ...kept]) Fs.writeFileSync(name, "x")
      makeOld(gone[2] as string)
      const orphan = `${path}.lock.break-00000000000000aa`
      Fs.writeFileSync(orphan, lockText(goneOwner()))
      yield* lockAndRelease(path)
      assert.deepStrictEqual(around(path).sort(), kept.map((name) => Path.basename(name)).sort())
    })
  )
})
