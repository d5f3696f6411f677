import * as Net from "node:net"
import { setTimeout } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import { eventually } from "../../support/eventually.ts"
import { get, type Host, makeHost } from "../../support/server.ts"
import { app, logged, openShop, send } from "./shop.ts"
import { traffic } from "./traffic.ts"

const pidsOf = async (host: Host): Promise<ReadonlyArray<number>> =>
  (await host.call({ command: "status", app })).instance_list.map(({ pid }) => pid)

const serves = (host: Host, listen: string) =>
  eventually("it serves", async () => {
    const { status, body } = await get(listen).catch(() => ({ status: 0, body: "" }))
    return status === 200 && host.instances().includes(JSON.parse(body).pid) ? JSON.parse(body) : undefined
  })

/** In ms, between an instance's end and the next one that serves. */
const pausesIn = (log: string): ReadonlyArray<number> => {
  const events = log
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line): { readonly at: string; readonly event: string } => JSON.parse(line))
  return events.flatMap(({ at, event }, index) => {
    const next = events.slice(index).find((each) => each.event === "instance serving")
    return event === "instance failed" && next !== undefined ? [Date.parse(next.at) - Date.parse(at)] : []
  })
}

describe("when something dies", () => {
  it("restarts a killed instance after increasing pauses, while the others serve", async () => {
    const host = makeHost()
    const server = await host.start()
    const listen = await openShop(host, { GREETING: "first hello" })
    const [first = 0, second = 0] = await pidsOf(host)
    const passing = traffic(listen)
    for (const _ of [1, 2]) {
      const victim = (await pidsOf(host)).find((pid) => pid !== second) ?? 0
      process.kill(victim, "SIGKILL")
      await eventually("there is another one", async () => {
        const { healthy, instance_list } = await host.call({ command: "status", app })
        return healthy === 2 && !instance_list.some(({ pid }) => pid === victim)
      })
    }
    // What the one that was killed had begun to answer is lost, one request of each client at most; no other.
    const { 200: served = 0, ...lost } = await passing.stop()
    assert.isAbove(served, 0)
    const count = Object.values(lost).reduce((sum, each) => sum + each, 0)
    assert.isAtMost(count, 2 * 4)
    const { instance_list } = await host.call({ command: "status", app })
    assert.includeMembers(
      instance_list.map(({ pid }) => pid),
      [second]
    )
    assert.deepStrictEqual(instance_list.map(({ restarts }) => restarts).sort(), [0, 2])
    assert.notInclude(host.instances(), first)
    const [short = 0, long = 0] = pausesIn(server.log())
    assert.isAtLeast(short, 500)
    assert.isAtLeast(long, 1000)
  })

  it("leaves no instance behind when the server is killed, and serves again within five seconds of a start", async () => {
    const host = makeHost()
    const opened = performance.now()
    const server = await host.start()
    const listen = await openShop(host, { GREETING: "kept hello" })
    // On a machine on which that alone takes seconds, it may take those.
    const usual = performance.now() - opened
    server.kill("SIGKILL")
    await server.ended
    await eventually("no instance is left", () => host.instances().length === 0)
    const begun = performance.now()
    await host.start()
    const { secrets } = await serves(host, listen)
    assert.isBelow(performance.now() - begun, 5000 + usual)
    assert.deepStrictEqual(secrets, { GREETING: "kept hello" })
  })

  it("has one of two complete revisions if the server is killed in the middle of a rollout", async () => {
    const host = makeHost()
    const server = await host.start({ args: ["--window", "2"] })
    const listen = await openShop(host, { GREETING: "old hello" })
    const cut = send(host, { GREETING: "new hello" }).then(
      () => "done",
      () => "cut off"
    )
    await eventually("new ones are started", () => host.instances().length === 4)
    server.kill("SIGKILL")
    assert.strictEqual(await cut, "cut off")
    await eventually("no instance is left", () => host.instances().length === 0)
    await host.start()
    assert.deepStrictEqual((await serves(host, listen)).secrets, { GREETING: "old hello" })
    const { events } = await host.call({ command: "events", app })
    assert.deepInclude<object>(events.at(-1) ?? {}, { action: "recover", outcome: "done" })
    // And it can go on.
    await send(host, { GREETING: "new hello" })
    assert.deepStrictEqual((await serves(host, listen)).secrets, { GREETING: "new hello" })
  })

  it("ends no instance when clients use up the server's descriptors", async () => {
    const host = makeHost()
    await host.start({ wrapper: ["prlimit", "--nofile=256:256"] })
    const listen = await openShop(host, { GREETING: "patient hello" })
    const before = await pidsOf(host)
    const [address = "", port = ""] = listen.split(":")
    const clients = Array.from({ length: 300 }, () =>
      Net.connect(Number(port), address).on("error", () => {})
    )
    // Longer than an instance may be without an answer.
    await setTimeout(5000)
    for (const client of clients) client.destroy()
    await serves(host, listen)
    assert.deepStrictEqual(await pidsOf(host), before)
  })

  it("waits for a sync after a restart with --memory-only, which leaves nothing on disk", async () => {
    const host = makeHost()
    const server = await host.start({ args: ["--memory-only"] })
    const listen = await openShop(host, { GREETING: "forgotten hello" })
    await server.stop()
    await host.start({ args: ["--memory-only"] })
    const waiting = await host.call({ command: "status", app })
    assert.deepInclude<object>(waiting, { phase: "waiting", healthy: 0 })
    assert.include(waiting.problem ?? "", "tako secrets sync --env production")
    assert.deepStrictEqual(host.instances(), [])
    await send(host, { GREETING: "new hello" })
    assert.deepStrictEqual((await serves(host, listen)).secrets, { GREETING: "new hello" })
  })

  it("shuts down cleanly: requests in flight are answered, and nothing is left", async () => {
    const host = makeHost()
    const server = await host.start()
    const listen = await openShop(host, { GREETING: "slow hello" })
    const slow = get(listen, "/slow")
    await logged(host, app, /^slow$/)
    await server.stop()
    assert.deepStrictEqual(await slow, { status: 200, body: "slow" })
    assert.deepStrictEqual(await server.ended, { code: 0, signal: null })
    assert.deepStrictEqual(host.instances(), [])
  })
})
