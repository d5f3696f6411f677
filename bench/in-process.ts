import { spawn } from "node:child_process"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { SecretName } from "../src/domain/names.ts"
import * as Salt from "../src/domain/salt.ts"
import { KeyDerivation } from "../src/services/key-derivation/key-derivation.ts"
import * as Derivation from "../src/services/key-derivation/layer.ts"
import { layerOf } from "../src/services/process-spawner/layer.ts"
import { ProcessSpawner } from "../src/services/process-spawner/process-spawner.ts"

// Runs in a process of its own, as one bundle, and prints one line of JSON: medians in ms.

const rounds = 15

const median = (times: ReadonlyArray<number>): number =>
  [...times].sort((a, b) => a - b)[times.length >> 1] as number

/** Runs the works in alternation: once as a warm-up, then `rounds` times. */
const interleaved = async (works: Readonly<Record<string, () => Promise<unknown>>>) => {
  const taken = new Map(Object.keys(works).map((name) => [name, [] as Array<number>]))
  for (let round = -1; round < rounds; round++) {
    for (const [name, work] of Object.entries(works)) {
      const begin = performance.now()
      await work()
      if (round >= 0) taken.get(name)?.push(performance.now() - begin)
    }
  }
  return Object.fromEntries([...taken].map(([name, times]) => [name, median(times)]))
}

const environment = { PATH: process.env.PATH ?? "" }
const secrets = new Map(
  Array.from({ length: 22 }, (_, index) => [`SECRET_${index}` as SecretName, Redacted.make("x".repeat(40))])
)

const measured = Effect.gen(function* () {
  const { spawn: spawnWithPipe } = yield* ProcessSpawner
  const { derive } = yield* KeyDerivation
  const spec = {
    command: ["true"] as const,
    environment,
    secrets
  }
  const withPipe = Effect.scoped(Effect.flatMap(spawnWithPipe(spec), ({ exit }) => exit))
  const plain = () =>
    new Promise((resolve, reject) =>
      spawn("true", [], { stdio: "inherit", env: environment }).on("error", reject).on("exit", resolve)
    )
  const salt = Salt.fromBytes(new Uint8Array(16).fill(7))
  return yield* Effect.promise(() =>
    interleaved({
      "a plain spawn": plain,
      "a spawn with our pipe": () => Effect.runPromise(withPipe),
      "key derivation": () => Effect.runPromise(derive(Redacted.make("tako-example"), salt))
    })
  )
})

// Large enough that the pool is never refilled during the measurement.
const services = layerOf({ poolSize: 2 * rounds })

Effect.runPromise(
  measured.pipe(Effect.provide(Derivation.layer), Effect.provide(services), Effect.scoped)
).then((result) => console.log(JSON.stringify(result)))
