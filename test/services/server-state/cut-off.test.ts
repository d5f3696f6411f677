import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as SecretSet from "../../../src/domain/app/secret-set.ts"
import * as ServerKey from "../../../src/services/server-key/layer.ts"
import { layer } from "../../../src/services/server-state/layer.ts"
import { ServerState } from "../../../src/services/server-state/server-state.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { needs } from "../../support/needs.ts"
import { temporaryFolder } from "../files/folder.ts"
import { app, secretsOf } from "./values.ts"

const traced = [
  "openat",
  "fchmod",
  "write",
  "fsync",
  "close",
  "rename",
  "unlink",
  "statx",
  "stat",
  "newfstatat"
]

/** A call of the write path, numbered as strace's `when` counts. */
interface Cut {
  readonly call: string
  readonly when: number
  readonly text: string
}

describe.skipIf(process.platform !== "linux" || !needs("strace"))(
  "a server's new revision",
  { timeout: 300_000 },
  () => {
    let committer: Bundle
    beforeAll(async () => {
      committer = await bundle(Path.join(import.meta.dirname, "fixture", "committer.ts"))
    })
    afterAll(() => committer?.remove())

    const machine = Effect.map(temporaryFolder(), (folder) => {
      const directory = Path.join(folder, "data")
      const file = Path.join(folder, "server.key")
      Fs.writeFileSync(file, `${Buffer.alloc(32, 7).toString("base64")}\n`, { mode: 0o600 })
      const key = ServerKey.layer({ file, dataDirectory: directory, hasData: Effect.succeed(true) })
      const log = Path.join(folder, "trace")
      /** Commits one revision, under strace. */
      const commit = (...options: ReadonlyArray<string>) =>
        spawnSync(
          "strace",
          ["-qq", "-o", log, ...options, process.execPath, committer.path, directory, file],
          {
            encoding: "utf8",
            timeout: 60_000
          }
        )
      /** Starts the server; returns the current revision. All of its parts must open, and nothing else may be there. */
      const recovered = Effect.gen(function* () {
        const state = yield* ServerState
        const found = Option.getOrThrow(yield* state.read(app))
        const current = found.current ?? 0
        const secrets = yield* state.secrets(app, current as never)
        assert.strictEqual(
          Redacted.value(SecretSet.encode(secrets)),
          Redacted.value(SecretSet.encode(secretsOf(current)))
        )
        assert.deepStrictEqual(Fs.readdirSync(Path.join(directory, "apps", app)).sort(), [
          "audit.jsonl",
          `secrets.${current}.enc`,
          "state.json"
        ])
        return current
      }).pipe(Effect.provide(Layer.provide(layer({ directory }), key)))
      return { log, commit, recovered }
    })

    const cutsIn = (log: string): ReadonlyArray<Cut> => {
      const counts = new Map<string, number>()
      const cuts: Array<Cut> = []
      let inside = false
      for (const text of Fs.readFileSync(log, "utf8").split("\n")) {
        const call = /^(\w+)\(/.exec(text)?.[1]
        if (call === undefined) continue
        const when = (counts.get(call) ?? 0) + 1
        counts.set(call, when)
        if (text.includes('"/begin"')) inside = true
        else if (text.includes('"/end"')) inside = false
        // Of the calls that inspect folders, only those for the app's own folder and its parent count.
        else if (inside && (call !== "statx" || /\/(?:shop|production)"|, "",/.test(text)))
          cuts.push({ call, when, text })
      }
      return cuts
    }

    it.scopedLive("that is cut off at any system call leaves either the new or the old one, complete", () =>
      Effect.gen(function* () {
        const { log, commit, recovered } = yield* machine
        assert.strictEqual(commit("-e", "trace=none").status, 0)
        assert.strictEqual(commit("-e", `trace=${traced.join(",")}`).status, 0)
        const cuts = cutsIn(log)
        const outcomes = { old: 0, new: 0 }
        let killed = 0
        let current = yield* recovered
        assert.strictEqual(current, 2)
        for (const { call, when, text } of cuts) {
          const { signal, status } = commit(
            "-e",
            `trace=${call}`,
            "-e",
            `inject=${call}:signal=SIGKILL:when=${when}`
          )
          if (signal === "SIGKILL" || status === 137) killed++
          const now = yield* recovered
          assert.include([current, current + 1], now, text)
          outcomes[now === current ? "old" : "new"]++
          current = now
        }
        assert.isAtLeast(killed, 40)
        assert.isAtLeast(outcomes.old, 10)
        assert.isAtLeast(outcomes.new, 5)
      })
    )

    it.scopedLive(
      "that does not fit on the disk is reported with the file's name, and the old one stays",
      () =>
        Effect.gen(function* () {
          const { log, commit, recovered } = yield* machine
          commit("-e", "trace=none")
          commit("-e", `trace=${traced.join(",")}`)
          const writes = cutsIn(log).filter(({ call }) => call === "write" || call === "fsync")
          const current = yield* recovered
          let seen = 0
          for (const { call, when } of writes) {
            const { status, stderr } = commit(
              "-e",
              `trace=${call}`,
              "-e",
              `inject=${call}:error=ENOSPC:when=${when}`
            )
            if (status !== 1) continue
            seen++
            assert.match(
              stderr,
              /^FileFailed: Could not (?:write|write to|sync) .*: the disk is full \(ENOSPC\)/
            )
            const now = yield* recovered
            if (!stderr.includes("sync") && !stderr.includes("audit.jsonl")) assert.strictEqual(now, current)
            if (now !== current) break
          }
          assert.isAtLeast(seen, 4)
        })
    )
  }
)
