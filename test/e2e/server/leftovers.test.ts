import * as Fs from "node:fs"
import { assert, describe, it } from "vitest"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { writableCgroup } from "../../support/cgroup.ts"
import { eventually } from "../../support/eventually.ts"
import { type Host, isRoot, makeHost } from "../../support/server.ts"
import { secretsOf } from "./shop.ts"

/** Leaves its session, its parent and its environment, and has a child that would start it again. */
const escaping = "setsid sh -c 'exec env -i sh -c \"while :; do sleep 1000; done\"' & exec sleep 600"

const app = AppName("escaping/production")

const userOf = (pid: number): string | undefined => {
  try {
    return /^Uid:\t(\d+)/m.exec(Fs.readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]
  } catch {
    return undefined
  }
}

const processesOf = (user: string): ReadonlyArray<number> =>
  Fs.readdirSync("/proc").flatMap((name) =>
    /^\d+$/.test(name) && userOf(Number(name)) === user && !isZombie(name) ? [Number(name)] : []
  )

const isZombie = (pid: string): boolean => {
  try {
    return /^State:\tZ/m.test(Fs.readFileSync(`/proc/${pid}/status`, "latin1"))
  } catch {
    return true
  }
}

/** Starts the app, and waits until what escapes from it has escaped; returns the app's user. */
const escaped = async (host: Host): Promise<string> => {
  const directory = host.folderOf({ "readme.txt": "" })
  await host.call({ command: "update_secrets", app, secrets: secretsOf({ KEY: "value" }) })
  await host.call({ command: "deploy", app, directory, start: ["sh", "-c", escaping], port: "none" })
  const [instance] = (await host.call({ command: "status", app })).instance_list
  const user = userOf(instance?.pid ?? 0) ?? ""
  assert.notInclude(["", "0"], user)
  await eventually("it has left its environment", () =>
    processesOf(user).some((pid) => Fs.readFileSync(`/proc/${pid}/environ`, "latin1") === "")
  )
  return user
}

describe.skipIf(!isRoot)("a process that leaves its session, parent and environment", () => {
  it.each(["stop", "delete"] as const)("is gone after %s", async (command) => {
    const host = makeHost()
    await host.start()
    const user = await escaped(host)
    assert.isAbove(processesOf(user).length, 1)
    await host.call({ command, app })
    assert.deepStrictEqual(processesOf(user), [])
  })

  it.skipIf(writableCgroup === undefined)("is gone with its instance while another one runs", async () => {
    const host = makeHost()
    await host.start()
    const user = await escaped(host)
    const before = processesOf(user)
    await host.call({ command: "restart", app })
    const after = processesOf(user)
    assert.isAbove(after.length, 0)
    assert.deepStrictEqual(
      before.filter((pid) => after.includes(pid)),
      []
    )
    await host.call({ command: "stop", app })
  })

  it("is gone when the server stops", async () => {
    const host = makeHost()
    const server = await host.start()
    const user = await escaped(host)
    await server.stop()
    assert.deepStrictEqual(processesOf(user), [])
  })

  it("is gone after the next start of a server that was killed", async () => {
    const host = makeHost()
    const server = await host.start()
    const user = await escaped(host)
    const before = processesOf(user)
    server.kill("SIGKILL")
    await server.ended
    assert.isAbove(processesOf(user).length, 0)
    await host.start()
    const after = processesOf(user)
    assert.deepStrictEqual(
      before.filter((pid) => after.includes(pid)),
      []
    )
    await host.call({ command: "stop", app })
  })
})
