import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { AppUnknown } from "../../../src/domain/errors/server.ts"
import { commands } from "../../../src/domain/protocol/requests.ts"
import { dispatch, type Handlers } from "../../../src/programs/supervisor/serve.ts"

const app = AppName("shop/production")
const canary = "c4nary-value"

const handlers = {
  ...Object.fromEntries(commands.map((command) => [command, () => Effect.die(new TypeError(canary))])),
  stop: () => Effect.succeed({ app }),
  delete: () => new AppUnknown({ app })
} as unknown as Handlers<AppUnknown, never>

describe("a request to the server", () => {
  it.effect("is answered by the handler of its command", () =>
    Effect.gen(function* () {
      const stopped = yield* dispatch(handlers)({ command: "stop", app })
      assert.deepStrictEqual(stopped, { status: "ok", data: { app } })
      const unknown = yield* dispatch(handlers)({ command: "delete", app })
      assert.deepStrictEqual(unknown, { status: "error", message: new AppUnknown({ app }).message })
    })
  )

  it.effect("that meets a bug is logged by the kind of it, never by its text", () =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const logger = Logger.make(({ message, annotations, cause }) => {
        logged.push(JSON.stringify([message, HashMap.toEntries(annotations), cause]))
      })
      const exit = yield* dispatch(handlers)({ command: "list" }).pipe(
        Effect.exit,
        Effect.provide(Logger.replace(Logger.defaultLogger, logger).pipe(Layer.orDie))
      )
      assert.strictEqual(exit._tag, "Failure")
      assert.include(logged.join("\n"), "TypeError")
      assert.notInclude(logged.join("\n"), canary)
    })
  )
})
