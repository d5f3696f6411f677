import { assert, describe, it } from "@effect/vitest"
import { ServerNotFound } from "../../../src/domain/errors/servers.ts"

describe("an unknown server", () => {
  it("is named", () =>
    assert.include(new ServerNotFound({ server: "la-2.example" }).message, "no server la-2.example in"))

  it("is not named if the text could not be a name, because it may be a pasted value", () => {
    for (const server of ["hunter2 and more", "postgres://u:hunter2@db", "hunter2\u001b[2J", "-hunter2"]) {
      const { message } = new ServerNotFound({ server })
      assert.notInclude(message, "hunter2")
      assert.include(message, "no server of that name in config.toml")
    }
  })
})
