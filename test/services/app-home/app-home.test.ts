import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { AppHome } from "../../../src/services/app-home/app-home.ts"
import { contract } from "../../../src/services/app-home/contract.ts"
import { layerOwnUsers, layerShared, takenIds } from "../../../src/services/app-home/layer.ts"
import { layerMemory } from "../../../src/services/app-home/layer-memory.ts"
import { testContract } from "../../support/contract.ts"
import { temporaryFolder } from "../files/folder.ts"

const shop = AppName("shop/production")
const staging = AppName("shop/staging")
const blog = AppName("blog/production")

const isRoot = process.geteuid?.() === 0

const ids = { from: 70_000, to: 70_002 }

const filesIn = Effect.map(temporaryFolder(), (folder) => `${folder}/files`)
const shared = Layer.unwrapScoped(Effect.map(filesIn, (directory) => layerShared({ directory })))
/** Claims of its own, because other servers on this machine have the same range. */
const ownUsers = Layer.unwrapScoped(
  Effect.map(temporaryFolder(), (folder) =>
    layerOwnUsers({ directory: `${folder}/files`, ids, claims: `${folder}/claims` })
  )
)

testContract("AppHome in memory", contract, layerMemory)
testContract("AppHome of one user", contract, shared)
if (isRoot) testContract("AppHome of own users", contract, ownUsers)

describe.each([["of one user", shared], ...(isRoot ? [["of own users", ownUsers] as const] : [])] as const)(
  "AppHome %s",
  (_, layer) => {
    it.scopedLive("keeps an app's folder private", () =>
      Effect.gen(function* () {
        const { directory } = yield* Effect.flatMap(AppHome, ({ of }) => of(shop))
        assert.strictEqual(Fs.statSync(directory).mode & 0o777, 0o700)
      }).pipe(Effect.provide(layer))
    )
  }
)

describe.skipIf(!isRoot)("an app's own user", () => {
  const homesIn = (directory: string, apps: ReadonlyArray<AppName>, etc = "/nowhere") =>
    Effect.gen(function* () {
      const { of } = yield* AppHome
      return yield* Effect.forEach(apps, of)
    }).pipe(Effect.provide(layerOwnUsers({ directory, ids, etc, claims: `${directory}/../claims` })))

  it.scopedLive("is given to no other app while its folder exists, even by a later server", () =>
    Effect.gen(function* () {
      const directory = `${yield* temporaryFolder()}/files`
      const first = yield* homesIn(directory, [shop, staging])
      assert.deepStrictEqual(
        first.map(({ user }) => user?.uid),
        [70_000, 70_001]
      )
      const later = yield* homesIn(directory, [blog, shop])
      assert.deepStrictEqual(
        later.map(({ user }) => user?.uid),
        [70_002, 70_000]
      )
      assert.strictEqual(Fs.statSync(first[0]?.directory ?? "").uid, 70_000)
      const error = yield* Effect.flip(homesIn(directory, [AppName("more/production")]))
      assert.include(error.message, "No user id of 70000-70002 is left")
      Fs.rmdirSync(first[0]?.directory ?? "")
      const [again] = yield* homesIn(directory, [AppName("more/production")])
      assert.strictEqual(again?.user?.uid, 70_000)
    })
  )

  it.scopedLive("is never an id that the machine uses for somebody else", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder()
      Fs.writeFileSync(`${folder}/passwd`, "root:x:0:0::/:/bin/sh\nann:x:70000:70000::/:/bin/sh\n")
      Fs.writeFileSync(`${folder}/subuid`, "ann:70001:1\n")
      const [home] = yield* homesIn(`${folder}/files`, [shop], folder)
      assert.strictEqual(home?.user?.uid, 70_002)
      const isTaken = takenIds(folder)
      assert.deepStrictEqual([61_183, 61_184, 65_519, 65_534, 70_003].map(isTaken), [
        false,
        true,
        true,
        true,
        false
      ])
    })
  )

  it.scopedLive("cannot enter a directory below a closed folder, which is named", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder()
      const release = `${folder}/home/shop`
      Fs.mkdirSync(release, { recursive: true })
      Fs.symlinkSync(release, `${folder}/link`)
      const set = (mode: number) => Fs.chmodSync(`${folder}/home`, mode)
      Fs.chmodSync(folder, 0o755)
      Fs.chmodSync(release, 0o755)
      yield* Effect.gen(function* () {
        const { of, obstacle } = yield* AppHome
        const home = yield* of(shop)
        set(0o755)
        assert.isUndefined(yield* obstacle(home, release))
        set(0o750)
        const closed = { _tag: "Closed" as const, folder: Fs.realpathSync(`${folder}/home`), user: 70_000 }
        assert.deepStrictEqual(yield* obstacle(home, release), closed)
        assert.deepStrictEqual(yield* obstacle(home, `${folder}/link`), closed)
        assert.deepStrictEqual(yield* obstacle(home, `${folder}/absent`), { _tag: "Missing" })
        Fs.chownSync(`${folder}/home`, 0, home.user?.gid ?? 0)
        assert.isUndefined(yield* obstacle(home, release))
      }).pipe(
        Effect.provide(
          layerOwnUsers({ directory: `${folder}/files`, ids, etc: "/nowhere", claims: `${folder}/claims` })
        )
      )
    })
  )

  it.scopedLive("is not one of another server's, until that server's folder is gone", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder()
      const homeIn = (server: string) =>
        Effect.flatMap(AppHome, ({ of }) => of(shop)).pipe(
          Effect.provide(
            layerOwnUsers({
              directory: `${folder}/${server}/files`,
              ids,
              etc: "/nowhere",
              claims: `${folder}/claims`
            })
          )
        )
      const uidsOf = (server: string) =>
        Effect.map(homeIn(server), ({ user, isUserExclusive }) => [user?.uid, isUserExclusive])
      assert.deepStrictEqual(yield* uidsOf("one"), [70_000, true])
      assert.deepStrictEqual(yield* uidsOf("two"), [70_001, true])
      assert.deepStrictEqual(yield* uidsOf("one"), [70_000, true])
      // As after an update from a version that did not note its ids: both servers have an app of this user.
      Fs.mkdirSync(`${folder}/three/files/shop/production`, { recursive: true })
      Fs.chownSync(`${folder}/three/files/shop/production`, 70_000, 70_000)
      assert.deepStrictEqual(yield* uidsOf("three"), [70_000, false])
      Fs.rmSync(`${folder}/one`, { recursive: true })
      assert.deepStrictEqual(yield* uidsOf("three"), [70_000, true])
    })
  )

  it.scopedLive("counts as shared where its claim cannot be kept from others", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder()
      const claims = `${folder}/claims`
      Fs.mkdirSync(claims, { mode: 0o777 })
      Fs.chmodSync(claims, 0o777)
      const home = yield* Effect.flatMap(AppHome, ({ of }) => of(shop)).pipe(
        Effect.provide(layerOwnUsers({ directory: `${folder}/files`, ids, etc: "/nowhere", claims }))
      )
      assert.isFalse(home.isUserExclusive)
    })
  )

  it.scopedLive("is refused if the folder belongs to somebody else by now", () =>
    Effect.gen(function* () {
      const directory = `${yield* temporaryFolder()}/files`
      const [home] = yield* homesIn(directory, [shop])
      Fs.chownSync(home?.directory ?? "", 0, 0)
      assert.strictEqual((yield* Effect.flip(homesIn(directory, [shop])))._tag, "DataUnsafe")
    })
  )
})
