import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Home } from "../../../src/services/home/home.ts"
import { layerOf } from "../../../src/services/home/layer.ts"

const homeOf = (variables: Record<string, string>, platform: NodeJS.Platform = "linux") =>
  Effect.runSync(Effect.provide(Home, layerOf(variables, platform)))

describe("this user's own folder", () => {
  it.each([
    [{ HOME: "/h" }, "/h/.local/share/tako", "/h/.config/tako"],
    [{ HOME: "/h", TAKO_HOME: "" }, "/h/.local/share/tako", "/h/.config/tako"],
    [{ HOME: "/h", TAKO_HOME: "/t", XDG_DATA_HOME: "/d" }, "/t", "/t"],
    [{ HOME: "/h", TAKO_HOME: "/t/../u/" }, "/u", "/u"],
    [{ HOME: "/h", XDG_DATA_HOME: "/d" }, "/d/tako", "/h/.config/tako"],
    [{ HOME: "/h", XDG_CONFIG_HOME: "/c" }, "/h/.local/share/tako", "/c/tako"],
    [{ HOME: "/h", XDG_DATA_HOME: "", XDG_CONFIG_HOME: "" }, "/h/.local/share/tako", "/h/.config/tako"],
    [{ HOME: "/h", XDG_DATA_HOME: "d", XDG_CONFIG_HOME: "./c" }, "/h/.local/share/tako", "/h/.config/tako"]
  ])("on Linux with %j", (variables, data, config) => {
    assert.deepStrictEqual(homeOf(variables), { data, config })
  })

  it("on macOS is where programs keep their data", () => {
    assert.deepStrictEqual(homeOf({ HOME: "/h" }, "darwin"), {
      data: "/h/Library/Application Support/tako",
      config: "/h/.config/tako"
    })
  })

  it("is found without HOME, or with a relative one", () => {
    const data = Path.join(Os.userInfo().homedir, ".local/share/tako")
    assert.strictEqual(homeOf({}).data, data)
    assert.strictEqual(homeOf({ HOME: "h" }).data, data)
  })

  it("is absolute even if TAKO_HOME is not", () => {
    assert.strictEqual(homeOf({ TAKO_HOME: "t" }).data, Path.resolve("t"))
  })
})
