import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AppName } from "../../domain/app/app-name.ts"
import type { Revision } from "../../domain/app/release.ts"
import * as SecretSet from "../../domain/app/secret-set.ts"
import type { SecretName } from "../../domain/names.ts"
import type { Contract } from "../contract.ts"
import { ServerKey } from "./server-key.ts"

const app = "shop/production" as AppName
const other = "shop/staging" as AppName
const revision = (n: number) => n as Revision
const canary = "c4nary-f00d-value"
const secretsOf = (n: number): SecretSet.SecretSet =>
  new Map([
    ["DATABASE_URL" as SecretName, Redacted.make(`${canary}-${n}`)],
    ["N" as SecretName, Redacted.make(String(n))]
  ])
const place = { app, revision: revision(1) }
const textOf = (secrets: SecretSet.SecretSet) => Redacted.value(SecretSet.encode(secrets))

/** What every ServerKey must do. */
export const contract: Contract<ServerKey> = [
  {
    name: "opens what it sealed, in its place",
    run: Effect.gen(function* () {
      const key = yield* ServerKey
      for (const secrets of [SecretSet.empty, secretsOf(1)]) {
        const sealed = yield* key.seal(place, secrets)
        Assert.ok(!Buffer.from(sealed).toString("latin1").includes(canary))
        const opened = Option.getOrThrow(yield* key.open(place, sealed))
        Assert.equal(textOf(opened), textOf(secrets))
        Assert.notDeepEqual(yield* key.seal(place, secrets), sealed)
      }
    })
  },

  {
    name: "opens it in no other place, and nothing that was changed",
    run: Effect.gen(function* () {
      const key = yield* ServerKey
      const sealed = yield* key.seal(place, secretsOf(1))
      const elsewhere = [
        { app: other, revision: place.revision },
        { app, revision: revision(2) }
      ]
      for (const each of elsewhere) Assert.ok(Option.isNone(yield* key.open(each, sealed)))
      for (const length of [0, 1, 27, 28, sealed.length - 1]) {
        Assert.ok(Option.isNone(yield* key.open(place, sealed.subarray(0, length))))
      }
      for (let at = 0; at < sealed.length; at += 7) {
        const changed = Uint8Array.from(sealed)
        changed[at] = (changed[at] as number) ^ 0x80
        Assert.ok(Option.isNone(yield* key.open(place, changed)))
      }
    })
  },

  {
    name: "gives only equal sets of the same app the same hash",
    run: Effect.gen(function* () {
      const key = yield* ServerKey
      const hash = yield* key.hash(app, secretsOf(1))
      Assert.match(hash, /^[0-9a-f]{64}$/)
      Assert.equal(yield* key.hash(app, new Map([...secretsOf(1)].reverse())), hash)
      Assert.notEqual(yield* key.hash(other, secretsOf(1)), hash)
      Assert.notEqual(yield* key.hash(app, secretsOf(2)), hash)
      Assert.notEqual(yield* key.hash(app, SecretSet.empty), hash)
    })
  }
]
