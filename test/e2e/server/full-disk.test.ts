import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { assert, describe, it } from "vitest"
import { needs } from "../../support/needs.ts"
import { get, makeHost } from "../../support/server.ts"
import { mayTrace, trace } from "./cut.ts"
import { app, openShop, refusal, send } from "./shop.ts"

const tmpfs = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tako"]

const mayMount = (): boolean =>
  needs("unshare") &&
  spawnSync("unshare", ["--mount", "--propagation", "private", ...tmpfs, "/mnt"]).status === 0

describe("tako-server on a full disk", () => {
  it.skipIf(!mayMount())("says so, keeps what there was, and takes what fits afterwards", async () => {
    const host = makeHost()
    Fs.mkdirSync(host.data, { mode: 0o700 })
    const inside = `${tmpfs.join(" ")} "$0" && exec "$@"`
    const wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-c", inside, host.data]
    const server = await host.start({ wrapper })
    const listen = await openShop(host, { GREETING: "hello that fits" })
    const before = await host.call({ command: "status", app })

    const said = await refusal(send(host, { GREETING: "hello", LARGE: "x".repeat(200_000) }))
    assert.match(said, /the disk is full/i)
    assert.include(said, "secrets.2.enc")
    assert.deepStrictEqual(await host.call({ command: "status", app }), before)
    assert.deepStrictEqual(JSON.parse((await get(listen)).body).secrets, { GREETING: "hello that fits" })

    const updated = await send(host, { GREETING: "another that fits" })
    assert.deepInclude<object>(updated, { status: "updated", revision: 2 })
    assert.deepStrictEqual(JSON.parse((await get(listen)).body).secrets, { GREETING: "another that fits" })
    await server.stop()
    assert.deepStrictEqual(host.instances(), [])
  })

  it.skipIf(!mayMount())("starts all the same, and has everything run again", async () => {
    const host = makeHost()
    const first = await host.start()
    const listen = await openShop(host, { GREETING: "hello" })
    await first.stop()
    const full =
      'mount -t tmpfs -o size=256k tako /mnt && cp -a "$0/." /mnt && mount --bind /mnt "$0" || exit 9'
    const inside = `${full}; dd if=/dev/zero of="$0/fill" bs=4k; exec "$@"`
    const wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-c", inside, host.data]
    const server = await host.start({ wrapper })
    assert.deepStrictEqual(JSON.parse((await get(listen)).body).secrets, { GREETING: "hello" })
    assert.match(await refusal(send(host, { GREETING: "other" })), /the disk is full/i)
    await server.stop()
  })

  it.skipIf(!mayTrace())("goes on with the old revision wherever the disk becomes full", async () => {
    const host = makeHost()
    const server = await host.start()
    const listen = await openShop(host, { GREETING: "hello 1" })
    const clean = await trace(server.pid, host.data)
    await send(host, { GREETING: "hello 2" })
    const places = (await clean.end()).filter(({ name }) => name === "fsync" || name === "rename")
    let current = 2
    const outcomes = new Set<string>()
    for (const { name, nth } of places) {
      const pids = (await host.call({ command: "status", app })).instance_list.map(({ pid }) => pid)
      const failing = await trace(server.pid, host.data, { call: name, what: "error=ENOSPC", nth })
      const said = await refusal(send(host, { GREETING: `hello ${current + 1}` }))
      await failing.end()
      const { revision, healthy, instance_list } = await host.call({ command: "status", app })
      const isDone = said === "not refused"
      outcomes.add(isDone ? "done" : "refused")
      if (isDone) current++
      else {
        assert.match(said, /the disk is full/i)
        assert.deepStrictEqual(
          instance_list.map(({ pid }) => pid),
          pids
        )
      }
      assert.deepStrictEqual({ revision, healthy } as object, { revision: current, healthy: 2 })
      const { GREETING } = JSON.parse((await get(listen)).body).secrets
      assert.strictEqual(GREETING, `hello ${current}`)
    }
    assert.deepStrictEqual(outcomes, new Set(["refused", "done"]))
    // And so it is after a restart.
    server.kill()
    await server.ended
    await host.start()
    assert.strictEqual((await host.call({ command: "status", app })).revision as number, current)
  })
})
