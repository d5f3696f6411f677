import * as Fs from "node:fs"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { runToEnd } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"
import { get, isRoot, makeHost, type Server } from "../../support/server.ts"
import { variables, withNames } from "../go/program.ts"
import { logged, program, refusal, secretsOf } from "./shop.ts"

describe("apps of all kinds", () => {
  const host = makeHost(afterAll)
  let tako: Server
  beforeAll(async () => {
    tako = await host.start()
  })

  it('has a plain web server listen on a port of its own with port = "assign"', async () => {
    const app = AppName("plain/production")
    const listen = host.address()
    const directory = host.folderOf({ "server.cjs": program("plain.cjs") })
    const start = ["node", "server.cjs"] as const
    await host.call({ command: "update_secrets", app, secrets: secretsOf({ UNREAD: "x".repeat(200_000) }) })
    await host.call({ command: "deploy", app, directory, start, listen, port: "assign", instances: 2 })
    const [first, second] = [await get(listen), await get(listen)]
    for (const { status, body } of [first, second]) {
      assert.strictEqual(status, 200)
      assert.match(body, /^plain, --instance,[a-z0-9]{8}$/)
    }
    assert.notStrictEqual(first.body, second.body)
    const { instance_list } = await host.call({ command: "status", app })
    assert.strictEqual(new Set(instance_list.map(({ port }) => port)).size, 2)
  })

  it('has a worker live through the window with port = "none"', async () => {
    const host = makeHost()
    // Longer than the worker takes to be there.
    await host.start({ args: ["--window", "2"] })
    const app = AppName("worker/production")
    const directory = host.folderOf({ "worker.cjs": program("worker.cjs") })
    await host.call({ command: "update_secrets", app, secrets: secretsOf({ QUEUE: "orders" }) })
    await host.call({ command: "deploy", app, directory, start: "exec node worker.cjs", port: "none" })
    const said = await refusal(
      host.call({ command: "update_secrets", app, secrets: secretsOf({ QUEUE: "none" }) })
    )
    assert.include(said, "worker/production was not changed; revision 1 keeps running.")
    assert.include(said, "exit code 1")
    await host.call({ command: "update_secrets", app, secrets: secretsOf({ QUEUE: "returns" }) })
    const { lines } = await host.call({ command: "logs", app })
    // "none" is too short to be masked.
    assert.deepStrictEqual(
      lines.map(({ text }) => text),
      ["orders", "none", "returns"].flatMap((queue, nth) => [
        `works for ${queue === "none" ? queue : "[REDACTED]"}, without PORT: 0`,
        ...(nth === 2 ? ["ends"] : [])
      ])
    )
    const { instance_list } = await host.call({ command: "status", app })
    assert.deepStrictEqual(
      instance_list.map(({ phase, port, revision }): ReadonlyArray<unknown> => [phase, port, revision]),
      [["healthy", null, 2]]
    )
  })

  it.skipIf(!needs("go"))(
    "has a server in Go, with the accessors of typegen, get its secrets, and new ones",
    async () => {
      const directory = host.folderOf({
        "go.mod": "module example.org/app\n\ngo 1.18\n",
        "main.go": program("main.go"),
        "tako_secrets.go": withNames({ DATABASE_URL: "DatabaseUrl" })
      })
      // Without cgo, so that no compiler of C is needed.
      const environment = { ...variables, CGO_ENABLED: "0" }
      const built = await runToEnd("go", ["build", "-o", "app", "."], { directory, variables: environment })
      assert.deepInclude(built, { code: 0, stderr: "" })
      Fs.chmodSync(Path.join(directory, "app"), 0o755)

      const app = AppName("gopher/production")
      const listen = host.address()
      await host.call({ command: "update_secrets", app, secrets: secretsOf({ DATABASE_URL: "pg://one" }) })
      await host.call({ command: "deploy", app, directory, start: ["./app"], listen, instances: 2 })
      assert.deepStrictEqual(await get(listen), { status: 200, body: "pg://one" })
      await host.call({ command: "update_secrets", app, secrets: secretsOf({ DATABASE_URL: "pg://two" }) })
      assert.deepStrictEqual(await get(listen), { status: 200, body: "pg://two" })
    },
    180_000
  )

  it.skipIf(!isRoot)("gives each app its own user, who can see nothing of another app", async () => {
    const victim = AppName("victim/production")
    const server = {
      directory: host.folderOf({ "server.cjs": program("plain.cjs") }),
      port: "assign"
    } as const
    await host.call({ command: "update_secrets", app: victim, secrets: secretsOf({ KEY: "of the victim" }) })
    await host.call({ command: "deploy", app: victim, start: ["node", "server.cjs"], ...server })
    const { instance_list } = await host.call({ command: "status", app: victim })
    const instance = `/proc/${instance_list[0]?.pid}`
    const [apps, files] = [Path.join(host.data, "apps"), Path.join(host.data, "files")]
    const paths = [
      ...[`${host.data}.key`, host.socket, apps, files, Path.join(files, "victim/production")],
      ...["state.json", "secrets.1.enc"].map((name) => Path.join(apps, "victim/production", name)),
      ...[`${instance}/environ`, `${instance}/fd/3`, `${instance}/mem`, `/proc/${tako.pid}/environ`]
    ]
    for (const path of paths) assert.isTrue(Fs.existsSync(path), path)
    const app = AppName("spy/production")
    const start = ["sh", "-c", spying, "sh", ...paths] as const
    await host.call({ command: "deploy", app, directory: host.folderOf({}), start, port: "none" })
    const said = await logged(host, app, /^looked/)
    assert.deepStrictEqual(said.slice(0, -1), [])
    assert.match(said.join(), /^looked at 11 as \d+ in /)
    assert.include(said.join(), Path.join(host.data, "files/spy/production"))
  })
})

/** Tries to see what it should not, and says what it could. */
const spying = `
for path; do
  case $path in --instance) break;; esac
  looked=$((looked + 1))
  cat "$path" >/dev/null 2>&1 && echo "read $path"
  ls "$path/" >/dev/null 2>&1 && echo "listed $path"
  test -w "$path" && echo "may write $path"
done
echo "looked at $((looked)) as $(id -u) in $(cd "$TAKO_DATA_DIR" && touch mine && pwd)"
exec sleep 600
`
