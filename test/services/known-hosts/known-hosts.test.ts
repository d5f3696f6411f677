import { execFileSync, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type HostIdentity, hostIdentity } from "../../../src/domain/ssh/host-identity.ts"
import { contractOf, keyOf, line } from "../../../src/services/known-hosts/contract.ts"
import { entriesOf, hashed, parse } from "../../../src/services/known-hosts/file.ts"
import { KnownHosts } from "../../../src/services/known-hosts/known-hosts.ts"
import { layer } from "../../../src/services/known-hosts/layer.ts"
import { layerMemory } from "../../../src/services/known-hosts/layer-memory.ts"
import { testContract } from "../../support/contract.ts"
import * as FastCheck from "../../support/fast-check.ts"
import { needs } from "../../support/needs.ts"
import { temporaryFolder } from "../files/folder.ts"

const a = keyOf("ssh-ed25519", 1)
const b = keyOf("ssh-ed25519", 2)
const c = keyOf("ssh-ed25519", 3)
const salt = Buffer.alloc(20, 7)

const at = (host: string, port: number, files: ReadonlyArray<string>): HostIdentity =>
  hostIdentity({ host, port }, { files, hashed: false })

const build = (hosts: Layer.Layer<KnownHosts>) =>
  Effect.map(Layer.build(hosts), (context) => Context.get(context, KnownHosts))

testContract(
  "KnownHosts",
  contractOf((text) =>
    Effect.map(temporaryFolder(), (folder) => {
      const path = Path.join(folder, "known_hosts")
      Fs.writeFileSync(path, text)
      return { files: [path, `${path}2`], hosts: layer }
    })
  ),
  Layer.empty
)
testContract(
  "KnownHosts in memory",
  contractOf((text) => Effect.succeed({ files: ["/memory"], hosts: layerMemory(text) })),
  Layer.empty
)

describe("known_hosts", () => {
  it.scopedLive("is created privately if it is missing, with hashed names if configured", () =>
    Effect.gen(function* () {
      const path = Path.join(yield* temporaryFolder(), ".ssh", "known_hosts")
      const hosts = yield* build(layer)
      yield* hosts.add({ ...at("fra", 22, [path]), hashed: true }, a)
      assert.strictEqual(Fs.statSync(path).mode & 0o7777, 0o600)
      assert.strictEqual(Fs.statSync(Path.dirname(path)).mode & 0o7777, 0o700)
      assert.notInclude(Fs.readFileSync(path, "utf8"), "fra")
    })
  )

  it.scopedLive("that cannot be read is not treated as empty", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder()
      const hosts = yield* build(layer)
      const error = yield* Effect.flip(hosts.of(at("la", 22, [folder])))
      assert.deepInclude(error, { _tag: "FileFailed", operation: "read", code: "EISDIR" })
    })
  )
})

describe.skipIf(!needs("ssh-keygen"))("beside ssh-keygen", () => {
  const found = (path: string, name: string): ReadonlyArray<number> => {
    const { stdout } = spawnSync("ssh-keygen", ["-F", name, "-f", path], { encoding: "utf8" })
    return [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map(([, line]) => Number(line))
  }

  it.scopedLive("agrees with ssh-keygen on the lines for every name", () =>
    Effect.gen(function* () {
      const path = Path.join(yield* temporaryFolder(), "known_hosts")
      const names = ["la", "la.example", "ams.example", "[la]:2222", "10.0.0.1", "fe80::1"]
      const pattern = FastCheck.constantFrom(
        ...names,
        "*",
        "*.example",
        "?a",
        "l*",
        "[la]:*",
        "*:*",
        "1*.0.?.1",
        "**a",
        "a*e*e"
      )
      const list = FastCheck.array(
        FastCheck.tuple(FastCheck.constantFrom("", "", "", "!"), pattern).map(([not, one]) => not + one),
        { minLength: 1, maxLength: 4 }
      ).map((patterns) => patterns.join(","))
      const hidden = FastCheck.constantFrom(...names).map((name) => hashed(name, salt))
      const entry = FastCheck.tuple(
        FastCheck.constantFrom("", "", "", "@revoked ", "@cert-authority ", "# ", "  ", "@other "),
        FastCheck.oneof({ weight: 3, arbitrary: list }, { weight: 1, arbitrary: hidden }),
        FastCheck.constantFrom(a, b)
      ).map(([before, hosts, key]) => line(hosts, key, before))
      const file = FastCheck.array(
        FastCheck.oneof(
          { weight: 9, arbitrary: entry },
          { weight: 1, arbitrary: FastCheck.constantFrom("\n", "garbage\n", "la ssh-ed25519\n") }
        ),
        { maxLength: 12 }
      )
      for (const lines of FastCheck.sample(file, { numRuns: 12, seed: 20261124 })) {
        const text = lines.join("")
        Fs.writeFileSync(path, text)
        for (const name of names) {
          const ours = entriesOf(parse(text), name).map((one) => one.line)
          assert.deepStrictEqual(ours, found(path, name), `${name} in\n${text}`)
        }
      }
    })
  )

  it.scopedLive("and tako find each other's hashed names", () =>
    Effect.gen(function* () {
      const path = Path.join(yield* temporaryFolder(), "known_hosts")
      Fs.writeFileSync(path, line("la,10.0.0.1", a) + line("[ams]:2222", b))
      execFileSync("ssh-keygen", ["-H", "-f", path], { stdio: "ignore" })
      const hosts = yield* build(layer)
      for (const [host, key] of [
        [at("la", 22, [path]), a],
        [at("10.0.0.1", 22, [path]), a],
        [at("ams", 2222, [path]), b]
      ] as const) {
        assert.strictEqual((yield* hosts.of(host)).judge(key), "known")
      }
      yield* hosts.add({ ...at("fra", 2022, [path]), hashed: true }, c)
      assert.deepStrictEqual(found(path, "[fra]:2022"), [4])
    })
  )
})
