import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import * as Salt from "../../domain/salt.ts"
import * as SealedValue from "../../domain/sealed-value.ts"
import * as Environments from "../../domain/secrets-file/environments.ts"
import { print } from "../../domain/secrets-file/print.ts"
import type { Contract } from "../contract.ts"
import { SecretsFile } from "./secrets-file.ts"

export const production = "production" as EnvironmentName
export const staging = "staging" as EnvironmentName
export const nameOf = (text: string) => text as SecretName
export const saltOf = (fill: number) => Salt.fromBytes(new Uint8Array(16).fill(fill))
export const sealedOf = (length = 28, fill = 0) =>
  Option.getOrThrow(SealedValue.fromText(Buffer.alloc(length, fill).toString("base64")))

/** Sets one secret of an environment, creating the environment if necessary. */
export const setting =
  (name: string, environment = production, fill = 1) =>
  (current: Environments.Environments): Environments.Environments =>
    Environments.withEnvironment(
      current,
      environment,
      Environments.withSecret(
        Option.getOrElse(Environments.get(current, environment), () => Environments.create(saltOf(fill))),
        nameOf(name),
        sealedOf()
      )
    )

export const set = (name: string, environment = production, fill = 1) =>
  Effect.flatMap(SecretsFile, (file) =>
    file.update((current) => Effect.succeed(setting(name, environment, fill)(current)))
  )

export const names = Effect.flatMap(SecretsFile, ({ read }) => Effect.map(read, Environments.secretNames))

/** What every SecretsFile must do, without environments at first. */
export const contract: Contract<SecretsFile> = [
  {
    name: "has no environments before the first write",
    run: Effect.gen(function* () {
      const file = yield* SecretsFile
      Assert.equal((yield* file.read).size, 0)
      Assert.match(file.path, /secrets\.json/)
    })
  },

  {
    name: "reads what was written, and returns what it wrote",
    run: Effect.gen(function* () {
      const { read } = yield* SecretsFile
      const written = yield* set("A")
      Assert.equal(print(yield* read), print(written))
      yield* set("B", staging, 2)
      Assert.deepEqual(yield* names, [nameOf("A"), nameOf("B")])
    })
  },

  {
    name: "changes nothing if the change fails, dies or is interrupted, and still works afterwards",
    run: Effect.gen(function* () {
      const file = yield* SecretsFile
      yield* set("A")
      const refusal = yield* Effect.flip(file.update(() => Effect.fail("no" as const)))
      Assert.equal(refusal, "no")
      yield* Effect.exit(file.update(() => Effect.die("no")))
      yield* Effect.exit(file.update(() => Effect.interrupt))
      Assert.deepEqual(yield* names, [nameOf("A")])
      yield* set("B")
      Assert.deepEqual(yield* names, [nameOf("A"), nameOf("B")])
    })
  },

  {
    name: "passes the current content to the change, and accepts an unchanged result",
    run: Effect.gen(function* () {
      const file = yield* SecretsFile
      yield* set("A")
      const same = yield* file.update((current) => Effect.succeed(current))
      Assert.deepEqual(Environments.secretNames(same), [nameOf("A")])
      const equal = yield* file.update((current) => Effect.succeed(new Map(current)))
      Assert.deepEqual(Environments.secretNames(equal), [nameOf("A")])
    })
  },

  {
    name: "applies one change after another, however many arrive at once",
    run: Effect.gen(function* () {
      const file = yield* SecretsFile
      const wanted = Array.from({ length: 10 }, (_, i) => `A${i}`)
      yield* Effect.forEach(
        wanted,
        (name) => file.update((current) => Effect.delay(Effect.succeed(setting(name)(current)), 1)),
        { concurrency: "unbounded" }
      )
      Assert.deepEqual(yield* names, wanted.map(nameOf))
    })
  },

  {
    name: "refuses to write what it would not read",
    run: Effect.gen(function* () {
      yield* set("A")
      const twin = yield* Effect.flip(set("B", staging, 1))
      Assert.ok(twin._tag === "SecretsFileDamaged" && twin.reason === "salt-twice")
      const file = yield* SecretsFile
      const large = yield* Effect.flip(
        file.update((current) =>
          Effect.succeed(
            Environments.withEnvironment(current, staging, {
              ...Environments.create(saltOf(2)),
              secrets: new Map(["A", "B", "C", "D"].map((name) => [nameOf(name), sealedOf(1024 * 1024)]))
            })
          )
        )
      )
      Assert.ok(large._tag === "FileFailed" && large.operation === "write" && large.code === "EFBIG")
      Assert.match(large.message, /larger than 4 MiB/)
      Assert.deepEqual(yield* names, [nameOf("A")])
    })
  }
]
