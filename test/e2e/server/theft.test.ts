import { assert, describe, it } from "vitest"
import { AppName } from "../../../src/domain/server/app-name.ts"
import { type Host, isRoot, makeHost } from "../../support/server.ts"
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
  it("are not to be had by an app of another user", async () => {
    const host = makeHost()
    await host.start({ variables: { TMPDIR: host.folder } })
    const { tried, stolen } = await thieving(host)
    assert.isAtLeast(tried, 1000)
    assert.strictEqual(stolen, 0)
  })

  it("are by one of the same user, so the try is a real one", async () => {
    const host = makeHost()
    await host.start({ variables: { TMPDIR: host.folder }, args: ["--uids", "none"] })
    const { stolen } = await thieving(host)
    assert.isAbove(stolen, 0)
  })
})
