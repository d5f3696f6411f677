import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import { eventually } from "../../support/eventually.ts"
import { get, type Host, makeHost } from "../../support/server.ts"
import { mayTrace, type Place, trace } from "./cut.ts"
import { app, openShop, program, send } from "./shop.ts"

/** Every place, not a sample of them: TAKO_EVERY_PLACE=1. */
const isWhole = process.env.TAKO_EVERY_PLACE !== undefined
const sample = 3
const instances = 2

interface Shop {
  readonly host: Host
  readonly listen: string
  readonly directory: string
  /** The greetings of all revisions, and what is tried now. */
  readonly greetings: Map<number, string>
  round: number
}

type Change = (shop: Shop) => Promise<unknown>

const changes: Readonly<Record<string, Change>> = {
  update_secrets: (shop) => send(shop.host, { GREETING: `hello number ${shop.round}` }),
  deploy: ({ host, directory, listen, round }) =>
    host.call({ command: "deploy", app, directory, start: ["node", "server.cjs"], listen, build: `${round}` })
}

const stateOf = async ({ host }: Shop) => {
  const { revision, release } = await host.call({ command: "status", app })
  return { revision: revision ?? 0, release: release ?? 0 }
}

const remember = async (shop: Shop) => {
  const { revision } = await stateOf(shop)
  if (!shop.greetings.has(revision)) shop.greetings.set(revision, `hello number ${shop.round}`)
}

/** The change as it is when nothing happens. */
const made = async (shop: Shop, change: Change) => {
  shop.round++
  await change(shop)
  await remember(shop)
}

/** What a user may rely on, whenever the server before was killed. Tells how long it took. */
const recovered = async (shop: Shop, before: { readonly revision: number; readonly release: number }) => {
  const { host, listen, greetings } = shop
  await eventually("no instance outlives the server", () => host.instances().length === 0)
  const begun = performance.now()
  const server = await host.start()
  const status = await eventually("all instances serve", async () => {
    const status = await host.call({ command: "status", app })
    return status.healthy === instances && status
  })
  const { revision, release } = status
  assert.include([before.revision, before.revision + 1], revision)
  assert.include([before.release, before.release + 1], release)
  greetings.set(before.revision + 1, `hello number ${shop.round}`)
  const served = new Map<number, string>()
  await eventually("each instance has answered", async () => {
    const { status: code, body } = await get(listen)
    assert.strictEqual(code, 200)
    const { pid, secrets } = JSON.parse(body)
    served.set(pid, secrets.GREETING)
    return served.size === instances
  })
  const took = Math.round(performance.now() - begun)
  assert.deepStrictEqual(new Set(served.values()), new Set([greetings.get(revision ?? 0)]))
  assert.strictEqual(host.instances().length, instances)
  // Nothing lies about that nobody refers to, and the trail tells how it ended.
  const files = Fs.readdirSync(Path.join(host.data, "apps", app))
  const kept = JSON.parse(Fs.readFileSync(Path.join(host.data, "apps", app, "state.json"), "utf8"))
  const revisions = kept.revisions.map(
    (each: { readonly revision: number }) => `secrets.${each.revision}.enc`
  )
  assert.sameMembers(files, ["state.json", "audit.jsonl", ...revisions])
  const { events } = await host.call({ command: "events", app, limit: 1 })
  assert.notStrictEqual(events[0]?.outcome, "started")
  return { server, took, revision: revision ?? 0, release: release ?? 0 }
}

describe.skipIf(!mayTrace())("tako-server, killed in the middle of a write", () => {
  for (const [command, change] of Object.entries(changes)) {
    it(`has the old or the new state, whole, after ${command}`, { timeout: 1_800_000 }, async () => {
      const host = makeHost()
      let server = await host.start()
      const listen = await openShop(host, { GREETING: "hello number 0" }, instances)
      const directory = host.folderOf({ "server.cjs": program("sdk.cjs") })
      const shop: Shop = { host, listen, directory, greetings: new Map(), round: 0 }
      await remember(shop)

      // So many releases are kept; from then on each change is like the one before.
      for (let nth = 0; nth < (isWhole ? 6 : 1); nth++) await made(shop, change)
      const clean = await trace(server.pid, host.data)
      await made(shop, change)
      const places = await clean.end()
      assert.isAtLeast(places.length, 14)

      const counts = { old: 0, new: 0, missed: 0 }
      const unreached: Array<string> = []
      let longest = 0
      for (const place of isWhole ? places : sampled(places)) {
        let { nth } = place
        for (let tries = 0; ; tries++) {
          const before = await stateOf(shop)
          shop.round++
          const watching = await trace(server.pid, host.data, { ...killed, call: place.name, nth })
          const isDone = await change(shop).then(
            () => true,
            () => false
          )
          if (isDone) server.kill()
          await server.ended
          const seen = await watching.end()
          const after = await recovered(shop, before)
          server = after.server
          longest = Math.max(longest, after.took)
          const isOld = after.revision === before.revision && after.release === before.release
          counts[isOld ? "old" : "new"]++
          if (isDone) assert.isFalse(isOld)
          if (seen.at(-1)?.isCut === true && seen.at(-1)?.does === place.does) break
          // Other calls of that name, of files elsewhere, are not as many each time.
          counts.missed++
          nth = seen.find(({ does, isCut }) => does === place.does && !isCut)?.nth ?? nth + 1
          if (tries > 15) {
            assert.include(["write", "openat"], place.name, `never reached: ${place.does}`)
            unreached.push(place.does)
            break
          }
        }
      }
      const outcome = `${JSON.stringify(counts)}, back in ${longest} ms at most, not reached: ${unreached}`
      console.log(`${command}: ${places.length} places, ${outcome}`)
    })
  }
})

const killed = { what: "signal=SIGKILL" } as const

/** Around the moments at which something becomes true. */
const sampled = (places: ReadonlyArray<Place>): ReadonlyArray<Place> => {
  const telling = places.filter(({ name }) => name === "rename" || name === "fsync")
  return Array.from(
    { length: sample },
    (_, nth) => telling[Math.floor(((nth + 0.5) * telling.length) / sample)]
  ).flatMap((place) => place ?? [])
}
