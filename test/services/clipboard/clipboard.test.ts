import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Clipboard } from "../../../src/services/clipboard/clipboard.ts"
import { contract } from "../../../src/services/clipboard/contract.ts"
import { layerFor, programsFor } from "../../../src/services/clipboard/layer.ts"
import { ClipboardContents, layerMemory } from "../../../src/services/clipboard/layer-memory.ts"
import { testContract } from "../../support/contract.ts"
import { needs } from "../../support/needs.ts"
import { fakeDesktop, xclip, xServer } from "./desktop.ts"

const secret = Redacted.make("c2VjcmV0IGtleQ==")

testContract("Clipboard in memory", contract, layerMemory())

testContract(
  "Clipboard: a stand-in for xclip",
  contract,
  Layer.unwrapScoped(
    Effect.map(fakeDesktop, ({ folder, environment }) => {
      const file = Path.join(folder, "contents")
      return Layer.merge(
        layerFor("linux", environment),
        Layer.succeed(ClipboardContents, {
          paste: Effect.sync(() => Fs.readFileSync(file, "utf8")),
          copy: (text) => Effect.sync(() => Fs.writeFileSync(file, text))
        })
      )
    })
  )
)

if (needs("Xvfb") && needs("xclip")) {
  testContract(
    "Clipboard: xclip on an X server",
    contract,
    Layer.unwrapScoped(
      Effect.map(xServer, ({ display }) =>
        Layer.merge(
          layerFor("linux", { PATH: process.env.PATH, DISPLAY: display }),
          Layer.succeed(ClipboardContents, {
            paste: Effect.sync(() => xclip(display, "-out")),
            copy: (text) =>
              Effect.sync(() => {
                spawnSync("xclip", ["-selection", "clipboard", "-in"], {
                  env: { ...process.env, DISPLAY: display },
                  input: text,
                  stdio: ["pipe", "ignore", "ignore"]
                })
              })
          })
        )
      )
    )
  )
}

describe("the programs of a clipboard", () => {
  it.scoped("receive no passphrase or key, and the text only on stdin", () =>
    Effect.gen(function* () {
      const { folder, environment } = yield* fakeDesktop
      yield* Effect.flatMap(Clipboard, (clipboard) => clipboard.copy(secret)).pipe(
        Effect.provide(layerFor("linux", environment))
      )
      const learned = ["environment", "arguments"]
        .map((file) => Fs.readFileSync(Path.join(folder, file), "utf8"))
        .join()
      assert.include(learned, "DISPLAY=:0")
      assert.notInclude(learned, "canary")
      assert.notInclude(learned, Redacted.value(secret))
    })
  )

  it.scoped("cannot be read: it is cleared anyway", () =>
    Effect.gen(function* () {
      const { folder, environment } = yield* fakeDesktop
      const clipboard = yield* Effect.provide(Clipboard, layerFor("linux", environment))
      yield* clipboard.copy(secret)
      Fs.writeFileSync(Path.join(folder, "unreadable"), "")
      yield* clipboard.clear(secret)
      assert.strictEqual(Fs.readFileSync(Path.join(folder, "contents"), "utf8"), "")
    })
  )

  it.scoped("fail: the error names them and not the text", () =>
    Effect.gen(function* () {
      const { folder, environment } = yield* fakeDesktop
      Fs.writeFileSync(Path.join(folder, "xclip"), "#!/bin/sh\ncat >/dev/null\nexit 1\n")
      const clipboard = yield* Effect.provide(
        Clipboard,
        layerFor("linux", { ...environment, PATH: `${folder}:/usr/bin:/bin`, DISPLAY: ":65000" })
      )
      const error = yield* Effect.flip(clipboard.copy(secret))
      assert.strictEqual(error._tag, "ClipboardUnavailable")
      assert.strictEqual(error.reason, "failed")
      assert.include(error.tried, "xclip")
      assert.notInclude(JSON.stringify(error) + String(error), Redacted.value(secret))
    })
  )

  it.effect("are missing: the error lists what was looked for", () =>
    Effect.gen(function* () {
      for (const [platform, environment] of [
        ["linux", { PATH: process.env.PATH }],
        ["linux", { PATH: "/nonexistent", DISPLAY: ":0" }],
        ["darwin", { PATH: "/nonexistent" }]
      ] as const) {
        const clipboard = yield* Effect.provide(Clipboard, layerFor(platform, environment))
        const error = yield* Effect.flip(clipboard.copy(secret))
        assert.strictEqual(error.reason, "no-program")
        assert.isNotEmpty(error.tried)
      }
    })
  )

  it.scoped("in a relative folder of the PATH, which a repository could fill, are ignored", () =>
    Effect.gen(function* () {
      const { folder, environment } = yield* fakeDesktop
      const relative = Path.relative(process.cwd(), folder)
      const clipboard = yield* Effect.provide(
        Clipboard,
        layerFor("linux", { ...environment, PATH: relative })
      )
      assert.strictEqual((yield* Effect.flip(clipboard.copy(secret))).reason, "no-program")
    })
  )

  it("are chosen by the desktop", () => {
    const names = (platform: string, environment: Record<string, string>) =>
      programsFor(platform, environment).map(({ copy }) => copy[0])
    assert.deepStrictEqual(names("darwin", { DISPLAY: ":0" }), ["pbcopy"])
    assert.deepStrictEqual(names("linux", { WAYLAND_DISPLAY: "wayland-0", DISPLAY: ":0" }), [
      "wl-copy",
      "xclip",
      "xsel"
    ])
    assert.deepStrictEqual(names("linux", { WSL_DISTRO_NAME: "Debian" }), ["clip.exe"])
    assert.deepStrictEqual(names("linux", { DISPLAY: "" }), [])
  })

  it.effect("can be missing in memory, too", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.flatMap(Clipboard, (clipboard) => clipboard.copy(secret)))
      assert.strictEqual(error.reason, "no-program")
    }).pipe(Effect.provide(layerMemory({ isThere: false })))
  )
})
