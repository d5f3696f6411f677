import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { passphrase } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"
import { makeWorld, startHost } from "./world.ts"

const root = Path.resolve(import.meta.dirname, "../../..")

/** A program that an embedder might write for this project and these servers. */
const program = `
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Layers, Names, Programs } from ${JSON.stringify(pathToFileURL(Path.join(root, "dist/library/index.js")))}
const environment = Names.EnvironmentName("production")
const sync = Effect.gen(function* () {
  const { project, destinations } = yield* Programs.chooseTargets({ environment: Option.some(environment), server: Option.none() })
  const [parcel] = yield* Programs.openParcels(project, [environment])
  const deliveries = destinations.flatMap(({ targets }) => targets.map((target) => ({ parcel, target })))
  const stages = []
  const results = yield* Programs.sync(deliveries, { dryRun: false, agreed: new Set() }, {
    onStage: (_, { _tag }) => Effect.sync(() => stages.push(_tag)),
    onResult: () => Effect.void,
    consent: () => Effect.succeed(false)
  })
  return { stages, results: results.map(({ delivery, outcome }) => [delivery.target.name, Either.isRight(outcome) ? outcome.right.added : outcome.left.message]) }
})
const layers = Layer.merge(Layers.secrets({ directory: process.cwd() }), Layers.servers)
console.log(JSON.stringify(await Effect.runPromise(Effect.provide(sync, layers))))
`

describe.skipIf(!needs("sshd"))("an embedder's Programs.sync", () => {
  it.scopedLive("reaches a server over SSH with the library's own layers", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld('name = "shop"\n[envs.production]\nservers = ["la"]\n')
      const host = yield* Effect.promise(startHost)
      world.know({ la: host.socket })
      yield* Effect.promise(() => world.set("DATABASE_URL", "c4nary"))
      const script = Path.join(world.sandbox.folder, "embedder.mjs")
      Fs.writeFileSync(script, program)
      Fs.symlinkSync(Path.join(root, "node_modules"), Path.join(world.sandbox.folder, "node_modules"))
      const printed = yield* Effect.promise(
        () =>
          new Promise<string>((resolve) =>
            execFile(
              process.execPath,
              [script],
              { cwd: world.sandbox.project, env: { ...world.variables, TAKO_PASSPHRASE: passphrase } },
              (_, stdout, stderr) => resolve(stdout || stderr)
            )
          )
      )
      const { stages, results } = JSON.parse(printed)
      assert.deepStrictEqual(results, [["la", ["DATABASE_URL"]]])
      assert.deepStrictEqual(stages, ["Connecting", "Checking", "Waiting", "Sending"])
      assert.notInclude(world.relay.passed().toString("latin1"), "c4nary")
    })
  )
})
