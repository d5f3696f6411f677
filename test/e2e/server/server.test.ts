import * as Fs from "node:fs"
import { assert, describe, it } from "vitest"
import { eventually } from "../../support/eventually.ts"
import { get, isRoot, makeHost } from "../../support/server.ts"
import { app, openShop, refusal, send } from "./shop.ts"

describe("tako-server", () => {
  it("runs an app that uses the original's SDK, and gives it new secrets without losing a request", async () => {
    const host = makeHost()
    const server = await host.start({ variables: { CANARY: "not for apps" } })
    const listen = await openShop(host, { GREETING: "first hello" })
    const before = JSON.parse((await get(listen)).body)
    assert.deepStrictEqual(before.secrets, { GREETING: "first hello" })
    assert.notInclude(JSON.stringify(before.env), "hello")
    assert.notProperty(before.env, "CANARY")
    assert.match(before.argv.at(-1), /^[a-z0-9]{8}$/)
    if (isRoot) assert.isAbove(before.uid, 69_999)

    // Requests one after another, as fast as possible, while the secrets change.
    let isOver = false
    const statuses: Array<number> = []
    const asking = (async () => {
      while (!isOver) statuses.push((await get(listen)).status)
    })()
    const updated = await send(host, { GREETING: "second hello" })
    assert.deepInclude<object>(updated, {
      status: "updated",
      revision: 2,
      instances: 2,
      changed: ["GREETING"]
    })
    isOver = true
    await asking
    assert.deepStrictEqual(new Set(statuses), new Set([200]))
    assert.deepStrictEqual(JSON.parse((await get(listen)).body).secrets, { GREETING: "second hello" })

    const { lines } = await host.call({ command: "logs", app })
    assert.isTrue(lines.some(({ text }) => text === "has [REDACTED]"))
    assert.notInclude(server.log(), "hello")

    await server.stop()
    assert.deepStrictEqual(await server.ended, { code: 0, signal: null })
    assert.deepStrictEqual(host.instances(), [])
    assert.isFalse(Fs.existsSync(host.socket))
  })

  it("runs everything again after a restart, and refuses a second server on the same data", async () => {
    const host = makeHost()
    const server = await host.start()
    const listen = await openShop(host, { GREETING: "kept hello" }, 1)
    const second = await refusal(host.start({ args: ["--socket", `${host.socket}2`] }))
    assert.include(second, "Another tako-server is running")
    await server.stop()
    const nowhere = await refusal(host.start({ args: ["--socket", "/dev/null/folder/tako.sock"] }))
    assert.include(nowhere, "Could not listen on /dev/null/folder/tako.sock: ")

    await host.start()
    await eventually(
      "it serves again",
      async () => (await get(listen).catch(() => undefined))?.status === 200
    )
    assert.deepStrictEqual(JSON.parse((await get(listen)).body).secrets, { GREETING: "kept hello" })
  })

  it.each(["SIGTERM", "SIGINT"] as const)(
    "stops an app that takes its time after the first signal, and at once after a second %s",
    async (second) => {
      const host = makeHost()
      const server = await host.start({ args: ["--window", "0.2"] })
      const directory = host.folderOf({
        "worker.cjs": 'process.on("SIGTERM", () => console.log("not yet"))\nsetInterval(() => {}, 1000)\n'
      })
      await send(host, { GREETING: "hello" })
      await host.call({ command: "deploy", app, directory, start: ["node", "worker.cjs"], port: "none" })
      server.kill("SIGTERM")
      await eventually("it says that it is stopping", async () => server.log().includes('"event":"stopping"'))
      const began = Date.now()
      server.kill(second)
      assert.deepStrictEqual(await server.ended, { code: 1, signal: null })
      // The grace of an instance alone would be ten seconds.
      assert.isBelow(Date.now() - began, 8000)
      await eventually("no instance is left", async () => host.instances().length === 0)
    }
  )
})
