import * as Assert from "node:assert/strict"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type HostIdentity, hostIdentity, type Verdict } from "../../domain/ssh/host-identity.ts"
import type { Contract } from "../contract.ts"
import { KnownHosts } from "./known-hosts.ts"

/** Files of which the first has the text that the test begins with and the others are missing, and a layer that reads them. */
export interface Machine {
  readonly files: ReadonlyArray<string>
  readonly hosts: Layer.Layer<KnownHosts>
}

/** Made-up public keys; to known_hosts they are just bytes. */
export const keyOf = (type: string, fill: number): Buffer => {
  const text = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  return Buffer.concat([text(Buffer.from(type)), text(Buffer.alloc(32, fill))])
}

/** A line of a known_hosts file. */
export const line = (hosts: string, key: Buffer, marker = ""): string =>
  `${marker}${hosts} ${key.toString("latin1", 4, 4 + key.readUInt32BE())} ${key.toString("base64")} comment\n`

const a = keyOf("ssh-ed25519", 1)
const b = keyOf("ssh-ed25519", 2)
const c = keyOf("ssh-ed25519", 3)
const rsa = keyOf("ssh-rsa", 1)

/** "la" and "ams" as `ssh-keygen -H` would write them, under a salt of twenty bytes of 7. */
const hashed = {
  la: "|1|BwcHBwcHBwcHBwcHBwcHBwcHBwc=|a0QNRwQHgsAW/Hv55pdvwotkxU4=",
  ams: "|1|BwcHBwcHBwcHBwcHBwcHBwcHBwc=|buhdm/KXci8Ci1s2xb2qS30XZmo="
}

const at = (host: string, port = 22): HostIdentity =>
  hostIdentity({ host, port }, { files: [], hashed: false })

const alias = hostIdentity({ host: "10.0.0.1", port: 2222, alias: "Prod" }, { files: [], hashed: false })

const verdicts: ReadonlyArray<readonly [what: string, text: string, HostIdentity, Verdict]> = [
  ["nothing", "", at("la"), "unknown"],
  ["its key", line("la", a), at("la"), "known"],
  ["its key, typed in capitals", line("LA", a), at("La"), "known"],
  ["another key of it", line("la", b), at("la"), "changed"],
  ["several keys of it", line("la", b) + line("la", a), at("la"), "known"],
  ["another type of key of it", line("la", rsa), at("la"), "changed"],
  ["a pattern", line("*.example,!bad.example", a), at("la.example"), "known"],
  ["a pattern that leaves it out", line("*.example,!bad.example", a), at("bad.example"), "unknown"],
  ["a hashed name", line(hashed.la, a), at("la"), "known"],
  ["a hashed name of another", line(hashed.ams, a), at("la"), "unknown"],
  ["its port", line("[la]:2222", a), at("la", 2222), "known"],
  ["another key at its port", line("[la]:2222", b) + line("la", a), at("la", 2222), "changed"],
  ["its key at the usual port", line("la", a), at("la", 2222), "known"],
  ["another key at the usual port", line("la", b), at("la", 2222), "unknown"],
  ["another port", line("[la]:2222", a), at("la"), "unknown"],
  ["its key, revoked", line("la", a) + line("*", a, "@revoked "), at("la"), "revoked"],
  ["another key, revoked", line("la", a) + line("*", b, "@revoked "), at("la"), "known"],
  [
    "revoked at the usual port",
    line("[la]:22222", a) + line("la", a, "@revoked "),
    at("la", 22222),
    "revoked"
  ],
  ["an authority", line("*", a, "@cert-authority "), at("la"), "unknown"],
  ["a marker that nobody knows", line("la", a, "@trust-me "), at("la"), "unknown"],
  ["two markers", line("la", a, "@revoked @cert-authority "), at("la"), "unknown"],
  ["a comment", line("#la", a), at("#la"), "unknown"],
  ["a key that says it is another", `la ssh-rsa ${a.toString("base64")}\n`, at("la"), "unknown"],
  ["half a key", line("la", a).slice(0, 40), at("la"), "unknown"],
  ["what is no key", "la ssh-ed25519 !!!!\nla\n\u0000\n", at("la"), "unknown"],
  ["an alias", line("prod", a), alias, "known"]
]

/** What every KnownHosts must do. The function is called once for each test. */
export const contractOf = (
  machineWith: (text: string) => Effect.Effect<Machine, unknown, Scope.Scope>
): Contract<never> => {
  const given = (
    text: string,
    use: (
      hosts: Context.Tag.Service<KnownHosts>,
      files: ReadonlyArray<string>
    ) => Effect.Effect<void, unknown>
  ) =>
    Effect.flatMap(machineWith(text), ({ files, hosts }) =>
      Effect.provide(
        Effect.flatMap(KnownHosts, (known) => use(known, files)),
        hosts
      )
    )

  return [
    ...verdicts.map(([what, text, host, verdict]) => ({
      name: `judges a key as OpenSSH does, knowing ${what}`,
      run: given(text, (hosts, files) =>
        Effect.gen(function* () {
          const known = yield* hosts.of({ ...host, files })
          Assert.equal(known.judge(a), verdict)
        })
      )
    })),

    {
      name: "reports the types of its keys, and whether an authority is trusted",
      run: given(line("la", a) + line("la", rsa) + line("*.eu", c, "@cert-authority "), (hosts, files) =>
        Effect.gen(function* () {
          const la = yield* hosts.of({ ...at("la"), files })
          Assert.deepEqual([...la.types], ["ssh-ed25519", "ssh-rsa"])
          Assert.equal(la.byAuthority, false)
          Assert.ok((yield* hosts.of({ ...at("ams.eu"), files })).byAuthority)
        })
      )
    },

    {
      name: "adds a key, hashed or not, and nothing else, also to a file without a final newline",
      run: given(line("la", a).trimEnd(), (hosts, files) =>
        Effect.gen(function* () {
          for (const [host, key] of [
            [{ ...at("ams", 2222), files }, b],
            [{ ...at("fra"), files, hashed: true }, c]
          ] as const) {
            Assert.equal((yield* hosts.of(host)).judge(key), "unknown")
            yield* hosts.add(host, key)
            Assert.equal((yield* hosts.of(host)).judge(key), "known")
            Assert.equal((yield* hosts.of(host)).judge(a), "changed")
          }
          Assert.equal((yield* hosts.of({ ...at("la"), files })).judge(a), "known")
        })
      )
    }
  ]
}
