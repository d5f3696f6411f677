import { execFileSync, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type { Environment } from "../../../src/services/clipboard/layer.ts"

const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-clipboard-"))),
  (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
)

/** A stand-in for xclip that, like the real one, leaves a child behind that has inherited everything. */
const script = `#!/bin/sh
cd "\${0%/*}" || exit 1
case "$*" in
*-in*)
  cat >contents
  env >environment
  echo "$@" >arguments
  sleep 30 &
  echo $! >>serving ;;
*-out*)
  if [ -e unreadable ]; then exit 1; fi
  cat contents ;;
esac
`

export interface FakeDesktop {
  readonly folder: string
  readonly environment: Environment
}

export const fakeDesktop = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      const serving = Path.join(folder, "serving")
      if (!Fs.existsSync(serving)) return
      for (const pid of Fs.readFileSync(serving, "utf8").trim().split("\n"))
        process.kill(Number(pid), "SIGKILL")
    })
  )
  Fs.writeFileSync(Path.join(folder, "xclip"), script, { mode: 0o755 })
  const environment: Environment = {
    DISPLAY: ":0",
    PATH: `${folder}:${process.env.PATH}`,
    TAKO_PASSPHRASE: "canary-passphrase",
    TAKO_PASSPHRASE_FILE: "canary-file",
    TAKO_KEY: "canary-key",
    TAKO_KEY_FILE: "canary-key-file"
  }
  return { folder, environment } satisfies FakeDesktop
})

/** A real X server without a screen, which chooses its own display number. */
export const xServer = Effect.acquireRelease(
  Effect.async<{ readonly display: string; readonly stop: Effect.Effect<void> }, Error>((resume) => {
    const server = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "64x64x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"]
    })
    server.on("error", (error) => resume(Effect.fail(error)))
    let number = ""
    server.stdio[3]?.on("data", (chunk: Buffer) => {
      number += chunk.toString()
      if (!number.endsWith("\n")) return
      const stop = Effect.async<void>((stopped) => {
        server.on("exit", () => stopped(Effect.void))
        server.kill("SIGTERM")
      })
      resume(Effect.succeed({ display: `:${number.trim()}`, stop }))
    })
    server.on("exit", (code) => resume(Effect.fail(new Error(`Xvfb ended with ${code}`))))
  }),
  ({ stop }) => stop
)

export const xclip = (display: string, ...args: ReadonlyArray<string>): string =>
  execFileSync("xclip", ["-selection", "clipboard", ...args], {
    env: { ...process.env, DISPLAY: display },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"]
  })
