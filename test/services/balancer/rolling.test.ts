import { type ChildProcess, spawn } from "node:child_process"
import * as Path from "node:path"
import type { Duplex } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Backend, Balancer } from "../../../src/services/balancer/balancer.ts"
import { layer } from "../../../src/services/balancer/layer.ts"
import { startLoad, usualMix } from "../../support/load/load.ts"
import { kinds } from "../../support/load/tally.ts"

const rolls = 3
const requests = 500
const slowFor = 150
const limit = 400
const mix = { ...usualMix, slowFor, idleFor: 200 }
const app = Path.resolve(import.meta.dirname, "../../support/load/app.cjs")

interface Instance {
  readonly backend: Backend
  readonly child: ChildProcess
  readonly exited: Promise<void>
}

const instance = (id: string) =>
  Effect.acquireRelease(
    Effect.async<Instance>((resume) => {
      const child = spawn(process.execPath, [app], {
        env: { PATH: process.env.PATH, HOST: "127.0.0.1", PORT: "0" },
        stdio: ["ignore", "ignore", "inherit", "pipe", "pipe"]
      })
      const [, , , envelope, ready] = child.stdio as unknown as Array<Duplex>
      envelope?.end(JSON.stringify({ token: "", secrets: { REVISION: id } }))
      const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()))
      ready?.once("data", (port: Buffer) =>
        resume(Effect.succeed({ backend: { id, port: Number(port) }, child, exited }))
      )
    }),
    ({ child, exited }) =>
      Effect.promise(() => {
        child.kill("SIGKILL")
        return exited
      })
  )

describe("replacing all instances under load", () => {
  it.scopedLive(
    `fails no request in ${rolls} times`,
    () =>
      Effect.gen(function* () {
        const { open } = yield* Balancer
        const front = yield* open({ host: "127.0.0.1", port: 0 })
        let serving = [yield* instance("0a"), yield* instance("0b")]
        for (const { backend } of serving) yield* front.add(backend)
        const clients = startLoad(`127.0.0.1:${front.address.port}`, mix)
        for (let roll = 1; roll <= rolls; roll++) {
          const young = [yield* instance(`${roll}a`), yield* instance(`${roll}b`)]
          for (const { backend } of young) yield* front.add(backend)
          yield* Effect.forEach(
            serving,
            ({ backend, child, exited }) =>
              Effect.gen(function* () {
                yield* front.drain(backend, limit)
                child.kill("SIGTERM")
                yield* Effect.promise(() => exited)
                yield* front.remove(backend)
              }),
            { concurrency: "unbounded", discard: true }
          )
          serving = young
          while (clients.total() < (requests * roll) / rolls) yield* Effect.sleep(20)
        }
        const { served, failures, ends } = yield* Effect.promise(clients.stop)
        assert.deepStrictEqual(failures, {})
        for (const kind of kinds) assert.isAbove(served[kind] ?? 0, 0, kind)
        for (const { kind, how } of ends) assert.strictEqual(how, "told", kind)
        // The front learns a little later that its clients have gone.
        const idle = yield* Effect.repeat(Effect.delay(front.backends, "10 millis"), {
          until: (backends) => backends.every(({ inFlight }) => inFlight === 0),
          times: 6000
        })
        assert.deepStrictEqual(
          idle.map(({ id, inFlight }) => `${id} ${inFlight}`),
          [`${rolls}a 0`, `${rolls}b 0`]
        )
      }).pipe(Effect.provide(layer)),
    180_000
  )
})
