import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { openComplete, openEnvironment } from "../../../src/programs/environment/open.ts"
import { run } from "../../../src/programs/run.ts"
import { ls } from "../../../src/programs/secrets/ls.ts"
import { verify } from "../../../src/programs/secrets/verify.ts"
import { openParcels } from "../../../src/programs/sync/delivery.ts"
import {
  StartedProcesses,
  layerMemory as spawner
} from "../../../src/services/process-spawner/layer-memory.ts"
import { layerMemory as signals } from "../../../src/services/signals/layer-memory.ts"
import { machine } from "../../support/machine.ts"
import { environment, put } from "../../support/project-of.ts"

const variables = { TAKO_PASSPHRASE: "octopus" }
const toml = '[secrets]\nrequired = ["A", "B", "C"]\noptional = ["D"]\n'

const filled = Effect.gen(function* () {
  const on = yield* machine
  for (const name of ["A", "D", "E"]) yield* on.run(put("production", name, "x"), { variables })
  yield* on.run(put("staging", "A", "x"), { variables })
  return on
})

describe("names that tako.toml requires", () => {
  it.scoped("keep a program from starting while one is missing, before a key is asked for", () =>
    Effect.gen(function* () {
      const on = yield* filled
      const attempt = Effect.gen(function* () {
        const ended = yield* Effect.either(
          run(
            environment("production"),
            { command: ["true"], environment: {} },
            { asEnvironmentVariables: false }
          )
        )
        return { ended, started: yield* Effect.flatten(StartedProcesses) }
      }).pipe(Effect.provide(Layer.merge(spawner(), signals)))
      const { ended, started } = yield* on.run(attempt, { toml, variables: { TAKO_PASSPHRASE: "wrong" } })
      assert.deepStrictEqual(
        Either.flip(ended).pipe(Either.map(({ message }) => message)),
        Either.right(
          "Environment production lacks 2 secrets that tako.toml requires: B, C. Nothing was started or sent.\n" +
            "Set each: tako secrets set NAME --env production"
        )
      )
      assert.lengthOf(started, 0)
    })
  )

  it.scoped("keep an environment from being sent, but not a value from being read", () =>
    Effect.gen(function* () {
      const on = yield* filled
      const parcels = on.run(openParcels("shop", [environment("production")]), { toml, variables })
      assert.strictEqual((yield* Effect.flip(parcels))._tag, "SecretsMissing")
      const one = yield* on.run(openEnvironment(environment("production")), { toml, variables })
      assert.strictEqual(one.size, 3)
      for (const name of ["B", "C"]) yield* on.run(put("production", name, "x"), { variables })
      const whole = yield* on.run(openComplete(environment("production")), { toml, variables })
      assert.deepStrictEqual([...whole.keys()].sort(), ["A", "B", "C", "D", "E"])
    })
  )

  it.scoped("are listed wherever they are missing, and optional ones nowhere", () =>
    Effect.gen(function* () {
      const on = yield* filled
      const { secrets } = yield* on.run(ls(), { toml })
      const found = secrets.map(({ name, presence }) => [name, ...presence.values()].join(" "))
      assert.deepStrictEqual(found, [
        "A set set",
        "B missing missing",
        "C missing missing",
        "D set absent",
        "E set missing"
      ])
    })
  )

  it.scoped("are reported by verify, with a key and without one", () =>
    Effect.gen(function* () {
      const on = yield* filled
      for (const known of [variables, { TAKO_PASSPHRASE: "wrong" }]) {
        const verdicts = yield* on.run(verify([], { ask: false }), { toml, variables: known })
        assert.deepStrictEqual(verdicts.get(environment("staging"))?.missing, ["B", "C"] as never)
      }
    })
  )

  it.scoped("are read only if tako.toml mentions them outside of comments", () =>
    Effect.gen(function* () {
      const on = yield* filled
      const broken = '# required = ["A"]\nname ='
      assert.strictEqual((yield* on.run(ls(), { toml: broken })).secrets.length, 3)
      const error = yield* Effect.flip(on.run(ls(), { toml: `${broken}\n[secrets]\nrequired = ["A"]` }))
      assert.strictEqual(error._tag, "ConfigInvalid")
    })
  )
})
