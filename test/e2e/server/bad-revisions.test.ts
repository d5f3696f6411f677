import * as Fs from "node:fs"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { get, makeHost } from "../../support/server.ts"
import { app, openShop, program, refusal, send } from "./shop.ts"
import { traffic } from "./traffic.ts"

const value = "good hello of the shop"

describe("a revision that fails its test", () => {
  const host = makeHost(afterAll)
  let listen: string
  beforeAll(async () => {
    await host.start({ args: ["--window", "3", "--start-within", "8"] })
    listen = await openShop(host, { GREETING: value })
  })

  const instances = async () => {
    const { phase, revision, release, instance_list } = await host.call({ command: "status", app })
    return { phase, revision, release, pids: instance_list.map(({ pid }) => pid) }
  }

  /** Nothing of it may be seen by those who use the app, and the one who tried is told why. */
  const refused = async (change: () => Promise<unknown>, why: RegExp) => {
    const before = await instances()
    const passing = traffic(listen)
    const said = await refusal(change())
    const outcomes = await passing.stop()
    assert.match(
      said,
      /^Server local: shop\/production was not changed; (revision|release) 1 keeps running\.$/m
    )
    assert.match(said, why)
    assert.deepStrictEqual(Object.keys(outcomes), ["200"])
    assert.isAbove(outcomes[200] ?? 0, 0)
    assert.deepStrictEqual(await instances(), before)
    assert.deepStrictEqual(JSON.parse((await get(listen)).body).secrets, { GREETING: value })
    assert.strictEqual(host.instances().length, 2)
    return said
  }
  const tried = (values: Readonly<Record<string, string>>) => () =>
    send(host, { GREETING: "bad hello", ...values })

  it("exits before it is ready: its last lines are shown, without values", async () => {
    const said = await refused(
      tried({ MODE: "exits because of this" }),
      /ended before it was ready: exit code 7/
    )
    assert.include(said, "cannot use [REDACTED]")
    assert.notInclude(said, "because of this")
  })

  it("is never ready", async () => {
    await refused(tried({ MODE: "silent" }), /did not report a port on fd 4 within 8 seconds/)
  })

  it("becomes unhealthy after two seconds", async () => {
    await refused(tried({ MODE: "sickens", AFTER: "2000" }), /became unhealthy/)
  })

  it("crashes on the new value", async () => {
    await refused(
      tried({ MODE: "crashes", AFTER: "1000" }),
      /ended soon after it was ready: killed by SIGABRT/
    )
  })

  it("is a release that cannot be started, or whose command fails", async () => {
    const directory = host.folderOf({ "server.cjs": program("sdk.cjs") })
    const deploy = (more: { readonly start: readonly [string]; readonly release?: string }) => () =>
      host.call({ command: "deploy", app, directory, listen, ...more })
    await refused(deploy({ start: ["./absent"] }), /could not be started/)
    const gone = () =>
      host.call({ command: "deploy", app, directory: "/srv/absent", start: ["true"], listen })
    assert.notInclude(await refused(gone, /There is no directory \/srv\/absent on the server/), "It printed")
    await refused(
      deploy({ start: ["./server.cjs"], release: "echo migrates; exit 3" }),
      /release command ended with exit code 3.*migrates/s
    )
    const { events } = await host.call({ command: "events", app })
    assert.deepStrictEqual(
      events
        .slice(-2)
        .map(({ action, outcome, release }): ReadonlyArray<unknown> => [action, outcome, release]),
      [
        ["deploy", "started", 2],
        ["deploy", "failed", 2]
      ]
    )
  })

  it.skipIf(process.geteuid?.() !== 0)(
    "is a release whose directory is closed to the app's user",
    async () => {
      const directory = host.folderOf({ "server.cjs": program("sdk.cjs") })
      Fs.chmodSync(directory, 0o700)
      const deploy = () => host.call({ command: "deploy", app, directory, start: ["./server.cjs"], listen })
      const said = await refused(deploy, /The app's own user \(7\d{4}\) may not enter/)
      assert.include(said, `chmod o+x ${directory}`)
    }
  )
})
