import { setTimeout } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Load, startLoad, usualMix } from "../../support/load/load.ts"
import { kinds, type Tally } from "../../support/load/tally.ts"
import { makeHost } from "../../support/server.ts"
import { app, program, send } from "./shop.ts"

// By hand, in full: TAKO_ROLLS=20 TAKO_REQUESTS=200000 npx vitest run test/e2e/server/load.test.ts
const isFull = process.env.TAKO_ROLLS !== undefined
const rolls = Number(process.env.TAKO_ROLLS ?? 3)
const requests = Number(process.env.TAKO_REQUESTS ?? 1000)
const instances = isFull ? 3 : 2
const window = isFull ? 3 : 2
/** How long the slow requests take, and how long an instance that goes may take for those: ms. */
const { slowFor, drain } = isFull ? { slowFor: 2000, drain: 4000 } : { slowFor: 300, drain: 800 }
const mix = { ...usualMix, slowFor, idleFor: isFull ? 3000 : 500 }
/** How long after its first checkup a bad instance shows what it is: ms. */
const later = isFull ? 2000 : 800
const bad: ReadonlyArray<readonly [string, string, RegExp]> = [
  ["exits before it is ready", "exits", /ended before it was ready: exit code 1/],
  ["is never ready", "silent", /did not report a port on fd 4 within 10 seconds/],
  ["becomes unhealthy", `sickens ${later}`, /became unhealthy/],
  [
    "crashes when it uses the new value",
    `crashes ${later}`,
    /ended soon after it was ready: killed by SIGABRT/
  ]
]

describe("an app under load", () => {
  const host = makeHost(afterAll)
  const listen = host.address()
  let last = 0
  const next = (mode = "") => send(host, { REVISION: `${last + 1}`, MODE: mode })
  const status = () => host.call({ command: "status", app })
  const pids = async () => (await status()).instance_list.map(({ pid }) => pid)
  beforeAll(async () => {
    await host.start({ args: ["--window", `${window}`, "--start-within", "10"] })
    await next()
    last = 1
    await host.call({
      command: "deploy",
      app,
      directory: host.folderOf({ "server.cjs": program("../../../support/load/app.cjs") }),
      start: ["node", "server.cjs"],
      listen,
      instances,
      drain_ms: drain
    })
  })

  it(
    `loses no request while its secrets change ${rolls} times`,
    async () => {
      const load = startLoad(listen, mix)
      const gone = new Set<number>()
      for (let roll = 1; roll <= rolls; roll++) {
        for (const pid of await pids()) gone.add(pid)
        const updated = await next()
        last++
        assert.deepInclude<object>(updated, { status: "updated", revision: last, instances })
        while (load.total() < (requests * roll) / rolls) await setTimeout(20)
      }
      const tally = await finish(load)
      for (const kind of kinds) assert.isAbove(tally.served[kind] ?? 0, 0, kind)
      for (const revision of Object.keys(tally.revisions)) assert.isAtMost(Number(revision), last)
      // A stream goes with its instance, at the drain's limit, and is told so.
      for (const { kind, pid, how } of tally.ends) {
        assert.isTrue(gone.has(pid), `${kind} of ${pid} ended, which was not replaced`)
        assert.strictEqual(how, "told", kind)
      }
      for (const kind of ["websocket", "events"])
        assert.isAtLeast(tally.ends.filter((end) => end.kind === kind).length, mix.events, kind)
    },
    isFull ? 3_600_000 : 180_000
  )

  it("loses no request and keeps its instances if a revision is bad", async () => {
    const before = await status()
    const load = startLoad(listen, mix)
    for (const [what, mode, why] of bad) {
      const said = await next(mode).then(
        () => "updated",
        (error: Error) => error.message
      )
      assert.include(said, `was not changed; revision ${last} keeps running.`, what)
      assert.match(said, why)
      assert.deepStrictEqual(await status(), before, what)
    }
    const tally = await finish(load)
    assert.deepStrictEqual(Object.keys(tally.revisions), [`${last}`])
    assert.deepStrictEqual(tally.ends, [])
  })

  it("loses at most what a killed instance was handling, and is replaced", async () => {
    const load = startLoad(listen, mix)
    const [victim = 0, ...others] = await pids()
    while (load.total() < 500) await setTimeout(5)
    process.kill(victim, "SIGKILL")
    const at = performance.now()
    const isWhole = async () => {
      const { healthy, instance_list } = await status()
      return healthy === instances && instance_list.every(({ pid }) => pid !== victim)
    }
    while (!(await isWhole())) {
      assert.isBelow(performance.now() - at, 20_000)
      await setTimeout(20)
    }
    if (isFull) console.log(`whole again after ${Math.round(performance.now() - at)} ms`)
    const failed = structuredClone(load.tally.failures)
    const seen = load.total()
    while (load.total() < seen + 500) await setTimeout(5)
    const tally = await load.stop()
    if (isFull) console.log(JSON.stringify(failed))
    assert.deepStrictEqual(tally.failures, failed)
    const clients: Record<string, number> = { ...mix, "new connection": mix.newConnection }
    for (const [kind, failure] of Object.entries(failed)) {
      assert.match(failure.first, /502|cut off|aborted|closed before/, kind)
      assert.isAtMost(failure.count, clients[kind] ?? 0, kind)
    }
    for (const { pid, how } of tally.ends) assert.deepStrictEqual({ pid, how }, { pid: victim, how: "cut" })
    assert.includeMembers(await pids(), others)
  })
})

/** Stops the clients; no request may have failed. */
const finish = async (load: Load): Promise<Tally> => {
  const tally = await load.stop()
  if (isFull) console.log(load.total(), JSON.stringify({ ...tally, ends: tally.ends.length }))
  assert.deepStrictEqual(tally.failures, {})
  return tally
}
