import * as Net from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { eventually } from "../../support/eventually.ts"
import { get, makeHost } from "../../support/server.ts"
import { app, openShop, program, refusal, secretsOf, send } from "./shop.ts"

describe("tako-server's socket", () => {
  const host = makeHost(afterAll)
  let log: () => string
  beforeAll(async () => {
    log = (await host.start()).log
  })

  it("answers an invalid request with a sentence that quotes nothing of it", async () => {
    const canary = "c4nary-of-the-socket"
    const lines: ReadonlyArray<readonly [string, string]> = [
      [`{"command":"update_secrets","secrets":{"K":"${canary}"`, "one object of JSON"],
      [`["${canary}"]`, "must be an object"],
      [`{"command":"update_secrets","app":"a/b","secrets":{"K":1},"x":"${canary}"}`, "update_secrets:"],
      [`{"command":"update_secrets","app":"a/b","secrets":{"k":"${canary}"}}`, "update_secrets:"],
      [`{"command":"update_secrets","app":"${canary}","secrets":{}}`, "update_secrets: app"],
      [`{"command":"list","command":"${canary}"}`, "same name twice"],
      [`{"command":"updatesecrets","app":"${canary}"}`, "did you mean update_secrets?"],
      [`{"command":"deploy","app":"a/b","directory":"${canary}","start":"x"}`, "an absolute path"],
      [`{"command":"scale","app":"a/b","instances":1001}`, "from 1 to 1000"],
      [`{"command":"status","app":"no/app"}`, "There is no app no/app here."]
    ]
    for (const [line, sentence] of lines) {
      const answer = JSON.parse(await host.ask(line))
      assert.strictEqual(answer.status, "error", line)
      assert.include(answer.message, sentence)
      assert.notInclude(answer.message, canary)
    }
    assert.notInclude(log(), canary)
  })

  it("serves others while one client is slow, one sends too much, one sends no text, and one disconnects", async () => {
    const slow = Net.connect(host.socket, () => slow.write('{"command":"li'))
    const gone = Net.connect(host.socket, () => {
      gone.write('{"command":"hello"')
      gone.destroy()
    })
    const long = host.ask(`{"command":"hello","x":"${"x".repeat(17 * 1024 * 1024)}"}`)
    const strange = host.ask("\ud800\u0000")
    const many = await Promise.all(Array.from({ length: 50 }, () => host.call({ command: "list" })))
    assert.strictEqual(many.length, 50)
    assert.include(await long, "must not be longer")
    assert.include(await strange, '"status":"error"')
    slow.destroy()
  })

  it("turns what fifty clients send at once into one revision after another", async () => {
    const app = AppName("crowd/production")
    const sent = await Promise.all(
      Array.from({ length: 50 }, (_, nth) =>
        host.call({ command: "update_secrets", app, secrets: secretsOf({ GREETING: `hello of ${nth}` }) })
      )
    )
    assert.deepStrictEqual(
      sent.map(({ revision }): number => revision).sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, nth) => nth + 1)
    )
    const { events } = await host.call({ command: "events", app })
    assert.deepStrictEqual(
      events.map(({ revision, outcome }) => `${revision} ${outcome}`),
      Array.from({ length: 50 }, (_, nth) => [`${nth + 1} started`, `${nth + 1} unproven`]).flat()
    )
    // Whoever looked before somebody else has written is told so.
    const expecting = { command: "update_secrets", app, expected_revision: 0 } as const
    assert.include(
      await refusal(host.call({ ...expecting, secrets: secretsOf({ GREETING: "late" }) })),
      "is at revision 50, not at 0"
    )
  })

  it("runs one rollout of an app at a time", async () => {
    const listen = await openShop(host, { GREETING: "hello of before" })
    const directory = host.folderOf({ "server.cjs": program("sdk.cjs") })
    const deploy = { command: "deploy", app, directory, start: ["node", "server.cjs"], listen } as const
    let isOver = false
    let most = 0
    const rolling = Promise.all([
      send(host, { GREETING: "hello of one" }),
      send(host, { GREETING: "hello of two" }),
      host.call(deploy)
    ]).finally(() => {
      isOver = true
    })
    while (!isOver) {
      const { instance_list } = await host.call({ command: "status", app })
      most = Math.max(most, instance_list.length)
    }
    await rolling
    assert.isAtMost(most, 4)
    const { events } = await host.call({ command: "events", app })
    assert.deepStrictEqual(
      events.slice(-6).map(({ outcome }) => outcome),
      ["started", "done", "started", "done", "started", "done"]
    )
    const { release, revision } = await host.call({ command: "status", app })
    assert.deepStrictEqual([release, revision] as ReadonlyArray<unknown>, [2, 3])
    assert.include((await get(listen)).body, "hello of")
  })

  it("finishes a rollout whose client disconnected", async () => {
    const app = AppName("left/production")
    const client = Net.connect(host.socket, () => {
      client.end(
        '{"command":"update_secrets","app":"left/production","secrets":{"GREETING":"still here"}}\n',
        () => client.destroy()
      )
    })
    await new Promise((resolve) => client.once("close", resolve))
    const state = await eventually("it is done", () =>
      host.call({ command: "secrets_state", app }).catch(() => undefined)
    )
    assert.deepStrictEqual(state.names as ReadonlyArray<string>, ["GREETING"])
  })
})
