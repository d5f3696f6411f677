import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { bin } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"
import * as Pty from "../../support/pty.ts"
import { app, openShop } from "../server/shop.ts"
import { makeWorld, startHost, type World } from "./world.ts"

const run = <A>(body: () => Promise<A>) => Effect.promise(body)

const play = (world: World, steps: ReadonlyArray<Pty.Step>, more: Partial<Pty.Script> = {}) =>
  Pty.play({
    command: [process.execPath, bin, "secrets", "sync"],
    directory: world.sandbox.project,
    environment: { ...world.variables, TERM: "xterm-256color", NO_COLOR: "1" },
    steps: [...steps, Pty.exit],
    timeoutSeconds: 60,
    ...more
  })

describe.skipIf(!needs("sshd") || !needs("python3"))("tako secrets sync at a terminal", () => {
  it.scopedLive("draws the progress of each server in place, and ends with the table", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld('name = "shop"\n[envs.production]\nservers = ["la"]\n')
      yield* run(async () => {
        const la = await startHost()
        world.know({ la: la.socket })
        await openShop(la, { GREETING: "one", OLD: "x" }, 2)
        await world.set("GREETING", "two")
        const no = await play(world, [
          Pty.wait("la   connect"),
          Pty.wait("Servers have secrets that production no longer has:"),
          Pty.wait("la   production: - OLD, ~ GREETING"),
          Pty.wait("Remove them from the servers?"),
          Pty.send("\r"),
          Pty.wait("Nothing was changed.")
        ])
        assert.deepStrictEqual(no.exit, { code: 1 })
        assert.isTrue(no.restored)
        const yes = await play(
          world,
          [
            Pty.wait("Remove them from the servers?"),
            Pty.send("y\r"),
            Pty.wait("1 of 1 done"),
            Pty.wait("la")
          ],
          { columns: 40 }
        )
        assert.deepStrictEqual(yes.exit, { code: 0 })
        assert.strictEqual((await la.call({ command: "secrets_state", app })).revision as number, 2)
        // Each frame moves up and overwrites the one before.
        assert.include(yes.output, "\u001b[1A\r\u001b[J la   send")
      })
    })
  )

  it.scopedLive("says at Ctrl-C which servers continue, and they do", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld('name = "shop"\n[envs.production]\nservers = ["la", "down"]\n', () => [
        "Host down.example",
        "Port 1"
      ])
      yield* run(async () => {
        const la = await startHost()
        world.know({ la: la.socket, down: la.socket })
        await openShop(la, { GREETING: "one" }, 1)
        await world.set("GREETING", "two")
        // An app that never reports its port keeps the rollout waiting.
        await world.set("MODE", "silent")
        const cut = await play(world, [
          Pty.wait("unreachable"),
          Pty.wait("la     roll 0/1"),
          Pty.send("\u0003"),
          Pty.wait("Still rolling out on: la")
        ])
        assert.deepStrictEqual(cut.exit, { code: 130 })
        assert.isTrue(cut.restored)
        const status = await la.call({ command: "status", app })
        assert.strictEqual(status.phase, "rolling")
      })
    })
  )
})
