import { execFileSync, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type HostIdentity, hostIdentity } from "../../../src/domain/ssh/host-identity.ts"
import { entriesOf, hashed, parse } from "../../../src/services/known-hosts/file.ts"
import { KnownHosts } from "../../../src/services/known-hosts/known-hosts.ts"
import { layer } from "../../../src/services/known-hosts/layer.ts"
import { layerMemory } from "../../../src/services/known-hosts/layer-memory.ts"
import * as FastCheck from "../../support/fast-check.ts"
import { needs } from "../../support/needs.ts"
import { temporaryFolder } from "../files/folder.ts"

/** Public keys that nobody has the private part of; to known_hosts they are bytes. */
const keyOf = (type: string, fill: number): Buffer => {
  const name = Buffer.from(type)
  const text = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  return Buffer.concat([text(name), text(Buffer.alloc(32, fill))])
}
const a = keyOf("ssh-ed25519", 1)
const b = keyOf("ssh-ed25519", 2)
const c = keyOf("ssh-ed25519", 3)
const line = (hosts: string, key: Buffer, marker = "") =>
  `${marker}${hosts} ssh-ed25519 ${key.toString("base64")} comment\n`
const salt = Buffer.alloc(20, 7)

const at = (host: string, port = 22, files: ReadonlyArray<string> = ["/memory"]): HostIdentity =>
  hostIdentity({ host, port }, { files, hashed: false })

interface Place {
  readonly files: ReadonlyArray<string>
  readonly hosts: Context.Tag.Service<KnownHosts>
}

const build = (hosts: Layer.Layer<KnownHosts>) =>
  Effect.map(Layer.build(hosts), (context) => Context.get(context, KnownHosts))

const contract = (title: string, place: (text: string) => Effect.Effect<Place, never, Scope.Scope>) =>
  describe(title, () => {
    const cases: ReadonlyArray<readonly [string, string, HostIdentity, Buffer, string]> = [
      ["nothing", "", at("la"), a, "unknown"],
      ["its key", line("la", a), at("la"), a, "known"],
      ["its key, typed in capitals", line("LA", a), at("La"), a, "known"],
      ["another key of it", line("la", b), at("la"), a, "changed"],
      ["several keys of it", line("la", b) + line("la", a), at("la"), a, "known"],
      [
        "another type of key of it",
        `la ssh-rsa ${keyOf("ssh-rsa", 1).toString("base64")}\n`,
        at("la"),
        a,
        "changed"
      ],
      ["a pattern", line("*.example,!bad.example", a), at("la.example"), a, "known"],
      ["a pattern that leaves it out", line("*.example,!bad.example", a), at("bad.example"), a, "unknown"],
      ["a hashed name", line(hashed("la", salt), a), at("la"), a, "known"],
      ["a hashed name of another", line(hashed("ams", salt), a), at("la"), a, "unknown"],
      ["its port", line("[la]:2222", a), at("la", 2222), a, "known"],
      ["another key at its port", line("[la]:2222", b) + line("la", a), at("la", 2222), a, "changed"],
      ["its key at the usual port", line("la", a), at("la", 2222), a, "known"],
      ["another key at the usual port", line("la", b), at("la", 2222), a, "unknown"],
      ["another port", line("[la]:2222", a), at("la"), a, "unknown"],
      ["its key, revoked", line("la", a) + line("*", a, "@revoked "), at("la"), a, "revoked"],
      ["another key, revoked", line("la", a) + line("*", b, "@revoked "), at("la"), a, "known"],
      [
        "revoked at the usual port",
        line("[la]:22222", a) + line("la", a, "@revoked "),
        at("la", 22222),
        a,
        "revoked"
      ],
      ["an authority", line("*", a, "@cert-authority "), at("la"), a, "unknown"],
      ["a marker that nobody knows", line("la", a, "@trust-me "), at("la"), a, "unknown"],
      ["two markers", line("la", a, "@revoked @cert-authority "), at("la"), a, "unknown"],
      ["a comment", line("#la", a), at("#la"), a, "unknown"],
      ["a key that says it is another", `la ssh-rsa ${a.toString("base64")}\n`, at("la"), a, "unknown"],
      ["half a key", line("la", a).slice(0, 40), at("la"), a, "unknown"],
      ["what is no key", "la ssh-ed25519 !!!!\nla\n\u0000\n", at("la"), a, "unknown"],
      [
        "an alias",
        line("prod", a),
        hostIdentity({ host: "10.0.0.1", port: 2222, alias: "Prod" }, { files: ["/memory"], hashed: false }),
        a,
        "known"
      ]
    ]
    it.scopedLive.each(cases)("knowing %s", ([_, text, host, key, verdict]) =>
      Effect.gen(function* () {
        const { hosts, files } = yield* place(text)
        const known = yield* hosts.of({ ...host, files })
        assert.strictEqual(known.judge(key), verdict)
      })
    )

    it.scopedLive("reports the types of its keys, and whether an authority is trusted", () =>
      Effect.gen(function* () {
        const rsa = keyOf("ssh-rsa", 9).toString("base64")
        const { hosts, files } = yield* place(
          `${line("la", a)}la ssh-rsa ${rsa}\n${line("*.eu", c, "@cert-authority ")}`
        )
        const la = yield* hosts.of({ ...at("la"), files })
        assert.deepStrictEqual([...la.types], ["ssh-ed25519", "ssh-rsa"])
        assert.isFalse(la.byAuthority)
        assert.isTrue((yield* hosts.of({ ...at("ams.eu"), files })).byAuthority)
      })
    )

    it.scopedLive("adds a key, hashed or not, and nothing else", () =>
      Effect.gen(function* () {
        const { hosts, files } = yield* place(line("la", a).trimEnd())
        for (const [host, key] of [
          [{ ...at("ams", 2222), files }, b],
          [{ ...at("fra"), files, hashed: true }, c]
        ] as const) {
          assert.strictEqual((yield* hosts.of(host)).judge(key), "unknown")
          yield* hosts.add(host, key)
          assert.strictEqual((yield* hosts.of(host)).judge(key), "known")
          assert.strictEqual((yield* hosts.of(host)).judge(a), "changed")
        }
        assert.strictEqual((yield* hosts.of({ ...at("la"), files })).judge(a), "known")
      })
    )
  })

const onDisk = (text: string) =>
  Effect.gen(function* () {
    const path = Path.join(yield* temporaryFolder(), "known_hosts")
    Fs.writeFileSync(path, text)
    return { files: [path, `${path}2`], hosts: yield* build(layer) }
  })

contract("KnownHosts", onDisk)
contract("KnownHosts in memory", (text) =>
  Effect.map(build(layerMemory(text)), (hosts) => ({ files: ["/memory"], hosts }))
)

describe("known_hosts", () => {
  it.scopedLive("is created privately if it is missing, with hashed names if configured", () =>
    Effect.gen(function* () {
      const path = Path.join(yield* temporaryFolder(), ".ssh", "known_hosts")
      const hosts = yield* build(layer)
      yield* hosts.add({ ...at("fra"), files: [path], hashed: true }, a)
      assert.strictEqual(Fs.statSync(path).mode & 0o7777, 0o600)
      assert.strictEqual(Fs.statSync(Path.dirname(path)).mode & 0o7777, 0o700)
      assert.notInclude(Fs.readFileSync(path, "utf8"), "fra")
    })
  )

  it.scopedLive("that cannot be read is not treated as empty", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder()
      const hosts = yield* build(layer)
      const error = yield* Effect.flip(hosts.of({ ...at("la"), files: [folder] }))
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
