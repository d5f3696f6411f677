import { assert, describe, it } from "vitest"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { eventually } from "../../support/eventually.ts"
import { get, type Host, isRoot, makeHost } from "../../support/server.ts"
import { logged, program, secretsOf } from "./shop.ts"

const canary = 'c4nary "of" the theft \\ + %/ü'

/** Reads its secrets only after a while: until then they are in the pipe. */
const victim = "sleep 0.3; cat <&3 >/dev/null; exec sleep 600"

/** What an app got that tries to steal another one's secrets, while that one is started again and again. */
const thieving = async (host: Host) => {
  const thief = AppName("thief/production")
  const app = AppName("victim/production")
  const directory = host.folderOf({ "thief.cjs": program("thief.cjs") })
  const port = "none"
  const start = ["node", "thief.cjs", "c4nary", host.folder] as const
  await host.call({ command: "deploy", app: thief, directory, start, port })
  await host.call({ command: "update_secrets", app, secrets: secretsOf({ KEY: canary }) })
  const starts = ["sh", "-c", victim, "victim"] as const
  await host.call({ command: "deploy", app, directory, start: starts, port, instances: 4 })
  for (const nth of [1, 2]) {
    await host.call({ command: "update_secrets", app, secrets: secretsOf({ KEY: `${canary} ${nth}` }) })
  }
  const last = (await logged(host, thief, /^tried [1-9]\d{3}/)).at(-1) ?? ""
  const [, tried, stolen] = /^tried (\d+), stolen (\d+)$/.exec(last) ?? []
  return { tried: Number(tried), stolen: Number(stolen) }
}

describe.skipIf(!isRoot)("secrets on fd 3", () => {
  it("cannot be read by an app of another user", async () => {
    const host = makeHost()
    await host.start({ variables: { TMPDIR: host.folder } })
    const { tried, stolen } = await thieving(host)
    assert.isAtLeast(tried, 1000)
    assert.strictEqual(stolen, 0)
  })

  it("can be read by one of the same user, so the attempt is a real one", async () => {
    const host = makeHost()
    await host.start({ variables: { TMPDIR: host.folder }, args: ["--uids", "none"] })
    const { stolen } = await thieving(host)
    assert.isAbove(stolen, 0)
  })
})

/** Gives its port up when it is asked to, and runs on: as one does whose worker has died. */
const careless = `
  const Http = require("node:http"), Fs = require("node:fs")
  const server = Http.createServer((request, response) => {
    response.writeHead(request.url === "/status" ? 404 : 200).end("careless")
    if (request.url === "/close") response.on("finish", () => void server.close().closeAllConnections())
  })
  server.listen(0, "127.0.0.1", () => Fs.writeSync(4, server.address().port + "\\n"))
  setInterval(() => {}, 1000)
`

const squatter = `
  const server = require("node:http").createServer((request, response) => response.end("squatter"))
  const listen = () => server.listen(Number(process.argv[2]), "127.0.0.1")
  server.on("error", () => setTimeout(listen, 1)).on("listening", () => console.log("it is mine"))
  listen()
`

const neighbour = `
  const server = require("node:http").createServer((request, response) => response.end("neighbour"))
  server.listen({ host: "::", port: Number(process.argv[2]), ipv6Only: true }, () => console.log("beside it"))
`

describe.skipIf(!isRoot)("a port", () => {
  it("stays its app's when another user's app listens on it for IPv6 alone", async () => {
    const host = makeHost()
    const server = await host.start()
    const listen = host.address()
    const app = AppName("victim/production")
    const directory = host.folderOf({ "victim.cjs": careless, "neighbour.cjs": neighbour })
    await host.call({ command: "deploy", app, directory, start: ["node", "victim.cjs"], listen })
    const [before] = (await host.call({ command: "status", app })).instance_list
    const other = AppName("neighbour/production")
    const start = ["node", "neighbour.cjs", `${before?.port}`] as const
    await host.call({ command: "deploy", app: other, directory, start, port: "none" })
    await logged(host, other, /beside it/)
    // Instances are checked once a second: what is tried is that nothing happens for several checks.
    for (const end = Date.now() + 4000; Date.now() < end; ) {
      assert.strictEqual((await get(listen)).body, "careless")
    }
    const [after] = (await host.call({ command: "status", app })).instance_list
    assert.deepStrictEqual([after?.pid, after?.phase, after?.restarts], [before?.pid, "healthy", 0])
    assert.notMatch(server.log(), /ForeignPort/)
  })

  it("that an instance gave up does not give its requests to another user's app", async () => {
    const host = makeHost()
    const server = await host.start()
    const listen = host.address()
    const app = AppName("careless/production")
    const directory = host.folderOf({ "careless.cjs": careless, "squatter.cjs": squatter })
    await host.call({ command: "deploy", app, directory, start: ["node", "careless.cjs"], listen })
    const [instance] = (await host.call({ command: "status", app })).instance_list
    const other = AppName("squatter/production")
    const start = ["node", "squatter.cjs", `${instance?.port}`] as const
    await host.call({ command: "deploy", app: other, directory, start, port: "none" })
    await get(listen, "/close")
    await logged(host, other, /it is mine/)
    await eventually("it is found out", async () => /"ForeignPort"/.test(server.log()) || undefined)
    assert.strictEqual((await get(listen)).body, "careless")
  })
})
