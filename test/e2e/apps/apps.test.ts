import { spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import { assert, describe, it } from "vitest"
import { bin, makeSandbox } from "../../support/cli.ts"
import { eventually } from "../../support/eventually.ts"
import { get, makeHost } from "../../support/server.ts"
import { program } from "../server/shop.ts"

describe("tako apps, status and logs", () => {
  it("deploy an app to a server on this machine, show it, follow its output until Ctrl-C, and delete it", async () => {
    const host = makeHost()
    await host.start()
    const { variables, project, tako } = await makeSandbox()
    const local = { ...variables, TAKO_SOCKET: host.socket }
    const typed = (line: string) => tako(line.split(" "), { variables: local })
    const listen = host.address()
    const directory = host.folderOf({ "server.cjs": program("sdk.cjs") })
    Fs.writeFileSync(
      `${project}/tako.toml`,
      `name = "shop"\nstart = ["node", "server.cjs"]\n[envs.production]\nservers = ["local"]\ninstances = 2\nlisten = "${listen}"\n`
    )

    const deployed = await typed(`apps deploy --env production --directory ${directory}`)
    assert.include(deployed.stderr, `release 1 of shop/production runs with 2 instances at ${listen}`)
    assert.deepInclude(deployed, { code: 0, stdout: "" })
    const status = JSON.parse((await typed("status --json")).stdout)
    assert.deepInclude(status.servers[0].apps[0], { app: "shop/production", state: "running", healthy: 2 })

    const follow = spawn(process.execPath, [bin, "logs", "shop/production", "--follow"], {
      cwd: project,
      env: local,
      stdio: ["ignore", "pipe", "inherit"]
    })
    let output = ""
    follow.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text
    })
    await eventually("the earlier output", () => output.includes("has undefined"))
    assert.strictEqual((await get(listen, "/slow")).status, 200)
    await eventually("the new output", () => /^\S+Z \w{8} slow$/m.test(output))
    follow.kill("SIGINT")
    assert.deepStrictEqual(await once(follow, "exit"), [130, null])

    assert.strictEqual((await typed("apps rm shop/production --yes")).code, 0)
    const gone = await typed("logs shop/production")
    assert.deepInclude(gone, { code: 5, stdout: "" })
    assert.deepStrictEqual(host.instances(), [])
  })
})
