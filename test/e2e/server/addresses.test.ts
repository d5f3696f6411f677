import * as Net from "node:net"
import { assert, describe, it } from "vitest"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { eventually } from "../../support/eventually.ts"
import { get, type Host, isRoot, makeHost } from "../../support/server.ts"
import { logged, openShop, refusal, app as shop } from "./shop.ts"

/** Listens on the address as soon as it can, and answers in the app's place. */
const squatter = `
  const [host, port] = process.argv[2].split(":")
  const server = require("node:http").createServer((request, response) => response.end("squatter"))
  const listen = () => server.listen(Number(port), host)
  server.on("error", () => setTimeout(listen, 1)).on("listening", () => console.log("it is mine"))
  setInterval(() => console.log("tried"), 200)
  process.on("SIGTERM", () => setTimeout(() => process.exit(), 1500))
  listen()
`

const squatterApp = AppName("a-squatter/production")

const squatting = (host: Host, listen: string) => ({
  command: "deploy" as const,
  app: squatterApp,
  directory: host.folderOf({ "squatter.cjs": squatter }),
  start: ["node", "squatter.cjs", listen] as const,
  port: "none" as const
})

/** Whether this test itself can listen there. */
const isFree = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const [host, port] = address.split(":")
    const server = Net.createServer()
    server.once("error", () => resolve(false))
    server.listen(Number(port), host, () => server.close(() => resolve(true)))
  })

describe("an app's address", () => {
  it("answers 503 at once while the app is stopped, also after a restart of the server, and is free after delete", async () => {
    const host = makeHost()
    const server = await host.start()
    const listen = await openShop(host, { KEY: "value" }, 1)
    assert.strictEqual((await get(listen)).status, 200)
    await host.call({ command: "stop", app: shop })
    const answersAtOnce = async () => {
      const before = Date.now()
      assert.strictEqual((await get(listen)).status, 503)
      assert.isBelow(Date.now() - before, 2500)
    }
    await answersAtOnce()
    await server.stop()
    await host.start()
    await answersAtOnce()
    await host.call({ command: "restart", app: shop })
    assert.strictEqual((await get(listen)).status, 200)
    await host.call({ command: "delete", app: shop })
    assert.isTrue(await isFree(listen))
  })

  it("cannot be taken by another app while it is stopped", async () => {
    const host = makeHost()
    await host.start()
    const listen = await openShop(host, { KEY: "value" }, 1)
    await host.call(squatting(host, listen))
    await host.call({ command: "stop", app: shop })
    await logged(host, squatterApp, /tried/)
    assert.strictEqual((await get(listen)).status, 503)
    const { port: _, ...withFront } = { ...squatting(host, listen), listen }
    assert.include(await refusal(host.call(withFront)), `shop/production is stopped and keeps ${listen}`)
  })

  it("cannot be taken by another app while the server stops or starts", async () => {
    const host = makeHost()
    const server = await host.start()
    const listen = await openShop(host, { KEY: "value" }, 1)
    await host.call(squatting(host, listen))
    // The shop ends at once, the squatter only after 1.5 seconds.
    const taken: Array<string> = []
    const stopped = server.stop()
    let isOver = false
    void stopped.finally(() => {
      isOver = true
    })
    while (!isOver) {
      const got = await get(listen).catch(() => undefined)
      if (got?.body === "squatter") taken.push("while it stopped")
    }
    assert.deepStrictEqual(taken, [])
    // Its name sorts before the shop's, so it would start first.
    await host.start()
    await eventually("the shop serves", async () => (await get(listen)).status === 200 || undefined)
    await logged(host, squatterApp, /tried/)
    const lines = (await host.call({ command: "logs", app: squatterApp })).lines.map(({ text }) => text)
    assert.notInclude(lines, "it is mine")
  })

  it.skipIf(!isRoot)("is not kept by a process that outlived a killed server", async () => {
    const host = makeHost()
    const server = await host.start()
    const listen = await openShop(host, { KEY: "value" }, 1)
    const command = `setsid env -i "$(command -v node)" squatter.cjs ${listen} & exec sleep 600`
    await host.call({ ...squatting(host, listen), start: ["sh", "-c", command] })
    await eventually("the squatter runs", async () => host.instances().length >= 2 || undefined)
    server.kill("SIGKILL")
    await server.ended
    await eventually("it is taken", async () => {
      const got = await get(listen).catch(() => undefined)
      return got?.body === "squatter" || undefined
    })
    await host.start()
    await eventually("the shop serves", async () => (await get(listen)).status === 200 || undefined)
  })
})
