import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ams, contract, la, v6 } from "../../../src/services/server-registry/contract.ts"
import { layer } from "../../../src/services/server-registry/layer.ts"
import { layerMemory } from "../../../src/services/server-registry/layer-memory.ts"
import { ServerRegistry } from "../../../src/services/server-registry/server-registry.ts"
import { testContract } from "../../support/contract.ts"
import { temporaryFolder } from "../files/folder.ts"
import { homeIn } from "../key-cache/home.ts"

const build = (servers: Layer.Layer<ServerRegistry>) =>
  Effect.map(Layer.build(servers), (context) => Context.get(context, ServerRegistry))

const storeIn = (home: string) => build(Layer.provide(layer, homeIn(home)))

testContract(
  "ServerRegistry",
  contract,
  Layer.unwrapScoped(Effect.map(temporaryFolder(), (home) => Layer.provide(layer, homeIn(home))))
)
testContract("ServerRegistry in memory", contract, layerMemory())

describe("config.toml", () => {
  const written = (text: string, mode = 0o644) =>
    Effect.gen(function* () {
      const home = yield* temporaryFolder()
      const path = Path.join(home, "config.toml")
      Fs.writeFileSync(path, text, { mode })
      Fs.chmodSync(path, mode)
      return { path, servers: yield* storeIn(home), read: () => Fs.readFileSync(path, "utf8") }
    })

  const byHand = `# My servers.

[[servers]] # the first one
name = "la"   # Los Angeles
host = 'la.example'

# In Amsterdam, behind the bastion.
[[ servers ]]
host   = "deploy@10.0.0.7"
name   = "ams"
port   = 2222
socket = """/srv/tako.sock"""
# the end`

  it.scopedLive("is created privately", () =>
    Effect.gen(function* () {
      const home = Path.join(yield* temporaryFolder(), "of", "tako")
      const servers = yield* storeIn(home)
      yield* servers.add(la)
      yield* servers.add(ams)
      const path = Path.join(home, "config.toml")
      assert.strictEqual(Fs.statSync(path).mode & 0o7777, 0o600)
      assert.strictEqual(Fs.statSync(home).mode & 0o7777, 0o700)
      assert.strictEqual(
        Fs.readFileSync(path, "utf8"),
        '[[servers]]\nname = "la"\nhost = "la.example"\n\n[[servers]]\nname = "ams"\nhost = "10.0.0.7"\nport = 2222\nuser = "deploy"\nsocket = "/srv/tako.sock"\n'
      )
      assert.deepStrictEqual(Fs.readdirSync(home), ["config.toml"])
    })
  )

  it.scopedLive("keeps what was written by hand, comments and mode included", () =>
    Effect.gen(function* () {
      const { path, servers, read } = yield* written(byHand, 0o640)
      assert.deepStrictEqual(yield* servers.all, [la, ams])
      yield* servers.add(v6)
      assert.strictEqual(
        read(),
        `${byHand}\n\n[[servers]]\nname = "v6"\nhost = "fe80::1%eth0"\nsocket = "/s"\n`
      )
      assert.strictEqual(Fs.statSync(path).mode & 0o7777, 0o640)
      yield* servers.remove("v6")
      assert.strictEqual(read(), `${byHand}\n`)
      yield* servers.remove("la")
      assert.strictEqual(
        read(),
        `# My servers.\n\n# In Amsterdam, behind the bastion.\n${byHand.slice(byHand.indexOf("[[ servers"))}\n`
      )
      yield* servers.remove("ams")
      assert.notInclude(read(), "servers]]")
      assert.include(read(), "# the end")
      assert.deepStrictEqual(yield* servers.all, [])
    })
  )

  it.scopedLive("stays a link if it is one", () =>
    Effect.gen(function* () {
      const elsewhere = Path.join(yield* temporaryFolder(), "kept.toml")
      Fs.writeFileSync(elsewhere, byHand)
      const home = yield* temporaryFolder()
      Fs.symlinkSync(elsewhere, Path.join(home, "config.toml"))
      const servers = yield* storeIn(home)
      yield* servers.add(v6)
      assert.isTrue(Fs.lstatSync(Path.join(home, "config.toml")).isSymbolicLink())
      assert.include(Fs.readFileSync(elsewhere, "utf8"), "fe80::1")
    })
  )

  it.scopedLive.each([
    ["has its servers in one line", 'servers = [{ name = "la", host = "la.example" }]\n', "edit it by hand"],
    ["is not TOML", "[[servers]\nname = 1\n", ":1: not TOML"],
    ["is something else", "[servers]\n", "servers must be tables"],
    ["has a text that looks like a table", '[[servers]]\nname = "la"\nhost = """\n[[servers]]\n"""\n', "host"]
  ] as const)("is left alone when it %s", ([_, text, problem]) =>
    Effect.gen(function* () {
      const { servers, read } = yield* written(text)
      for (const change of [servers.add(ams), servers.remove("la")]) {
        const error = yield* Effect.flip(
          change as Effect.Effect<void, { readonly _tag: string; readonly message: string }>
        )
        assert.strictEqual(error._tag, "ConfigInvalid")
        assert.include(error.message, problem)
      }
      assert.strictEqual(read(), text)
    })
  )

  it.scopedLive("is refused if others can write to it", () =>
    Effect.gen(function* () {
      const { servers } = yield* written(byHand, 0o666)
      const error = yield* Effect.flip(servers.all)
      assert.include(error.message, "chmod go-w")
    })
  )

  it.scopedLive("loses nothing if many add at once", () =>
    Effect.gen(function* () {
      const home = yield* temporaryFolder()
      const stores = yield* Effect.replicateEffect(storeIn(home), 8)
      yield* Effect.forEach(stores, (store, n) => store.add({ ...la, name: `s${n}` }), {
        concurrency: "unbounded"
      })
      const all = yield* (yield* storeIn(home)).all
      assert.strictEqual(all.length, 8)
    })
  )
})
