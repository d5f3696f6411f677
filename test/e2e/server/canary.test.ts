import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { needs } from "../../support/needs.ts"
import { makeHost } from "../../support/server.ts"
import { program, refusal, secretsOf } from "./shop.ts"

const canary = 'c4nary "quoted" \\ & ü of the hunt'

/** As programs and formats write it. */
const forms = (): ReadonlyArray<readonly [string, Buffer]> => {
  const bytes = Buffer.from(canary)
  const base64 = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .slice(4, -8)
  )
  const json = JSON.stringify(canary).slice(1, -1)
  return [
    ["raw", canary],
    ["JSON", json],
    ["JSON twice", JSON.stringify(json).slice(1, -1)],
    ["URL", encodeURIComponent(canary)],
    ["hex", bytes.toString("hex")],
    ["a part", "c4nary"],
    ...base64.map((form) => ["base64", form] as const)
  ].map(([name = "", form = ""]) => [name, Buffer.from(form)])
}

const found = (content: Buffer): ReadonlyArray<string> =>
  forms()
    .filter(([, form]) => content.includes(form))
    .map(([name]) => name)

const filesIn = (folder: string): ReadonlyArray<string> =>
  Fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => Path.join(parentPath, name))

/** Every write of the server and of what it starts; a text of strace's is longer than any of ours. */
const watched = ["write", "writev", "pwrite64", "pwritev", "sendto", "sendmsg", "execve"].join(",")

describe.skipIf(!needs("strace"))("a value that was sent to tako-server", () => {
  it("is only in the pipe, in the memory of those who have it, and sealed on disk", async () => {
    const host = makeHost()
    const trace = Path.join(host.folder, "trace")
    const wrapper = ["strace", "-f", "-y", "-s", "100000", "-o", trace, "-e", `trace=${watched}`]
    const server = await host.start({ wrapper })
    const app = AppName("hunt/production")
    const directory = host.folderOf({ "server.cjs": program("sdk.cjs") })
    const secrets = (more: Readonly<Record<string, string>> = {}) =>
      secretsOf({ GREETING: canary, OTHER: "x", ...more })
    await host.call({ command: "update_secrets", app, secrets: secrets(), by: "ada" })
    await host.call({ command: "deploy", app, directory, start: ["node", "server.cjs"] })
    await host.call({ command: "update_secrets", app, secrets: secrets({ MORE: "y" }) })
    const bad = host.call({ command: "update_secrets", app, secrets: secrets({ MODE: `exits ${canary}` }) })
    const told = [await refusal(bad), await host.ask(`{"command":"x","y":${JSON.stringify(canary)}}`)]
    for (const command of [
      "status",
      "events",
      "logs",
      "secrets_state",
      "get_secrets_hash",
      "releases"
    ] as const) {
      told.push(JSON.stringify(await host.call({ command, app })))
    }
    told.push(JSON.stringify(await host.call({ command: "list" })))

    for (const pid of [server.pid, ...host.instances()]) {
      for (const what of ["environ", "cmdline"]) {
        assert.deepStrictEqual(found(Fs.readFileSync(`/proc/${pid}/${what}`)), [], `/proc/${pid}/${what}`)
      }
    }
    await server.stop()
    for (const [nth, text] of told.entries())
      assert.deepStrictEqual(found(Buffer.from(text)), [], `answer ${nth}`)
    assert.deepStrictEqual(found(Buffer.from(server.log())), [])
    const files = filesIn(host.data)
    assert.isAbove(files.length, 3)
    for (const file of files) assert.deepStrictEqual(found(Fs.readFileSync(file)), [], file)

    const lines = Fs.readFileSync(trace, "latin1").split("\n")
    const telling = lines.filter((line) => found(Buffer.from(line, "latin1")).length > 0)
    // Into its fd 3, and what the app itself says, out of its fd 1 and 2: nothing else.
    assert.isAbove(telling.filter((line) => /write\(\d+<\S*\/tako-pipe-\S+/.test(line)).length, 2)
    const strange = telling.filter((line) => !/writev?\(\d+<(\S*\/tako-pipe-[^>]+|pipe:\[\d+\])>/.test(line))
    assert.deepStrictEqual(
      strange.map((line) => line.slice(0, 80)),
      []
    )
  })
})
