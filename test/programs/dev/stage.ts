import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import type { ProcessNotStarted } from "../../../src/domain/errors/processes.ts"
import { omitUndefined } from "../../../src/domain/omit-undefined.ts"
import type { ProcessExit, SignalName } from "../../../src/domain/process.ts"
import * as Testing from "../../../src/main/library/testing.ts"
import { dev, type Notice } from "../../../src/programs/dev/dev.ts"
import type { ProcessSpec } from "../../../src/services/process-spawner/process-spawner.ts"
import { environment } from "../../support/project-of.ts"

export interface Situation {
  /** The project's files, apart from the secrets file. */
  readonly files?: Map<string, string>
  readonly traps?: ReadonlyArray<SignalName>
  readonly refuse?: (spec: ProcessSpec) => ProcessNotStarted | undefined
  readonly isTerminal?: boolean
}

/** A project in memory, on a machine that has the passphrase. */
export const project = ({ files = new Map(), traps = [], refuse, isTerminal = false }: Situation = {}) =>
  Testing.keySource.pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        Testing.balancer,
        Testing.cipher,
        Testing.health,
        Testing.keyCache,
        Testing.keyDerivation,
        Testing.keyPins,
        Testing.passphraseWords,
        Testing.processSpawner({ traps, ...omitUndefined({ refuse }) }),
        Testing.sdkSources,
        Testing.secretsFile,
        Testing.signals,
        Testing.sourceTree(files),
        Testing.terminal({ isThere: isTerminal }),
        Testing.terminalModes,
        Testing.watch
      )
    ),
    Layer.provideMerge(Testing.project({ files })),
    Layer.provideMerge(
      Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["TAKO_PASSPHRASE", "octopus"]])))
    )
  )

const secretsFile = ".tako/secrets.json"

/** Polls until the condition holds, and lets the other fibers run in between. */
const eventually = <A, R>(look: Effect.Effect<A, never, R>, isThere: (a: A) => boolean) =>
  Effect.yieldNow().pipe(Effect.zipRight(look), Effect.repeat({ until: isThere }))

/** Waits until a fiber sleeps on the TestClock. */
export const isTimed = eventually(TestClock.sleeps(), (sleeps) => sleeps.length > 0)

/** Waits until a fiber sleeps on the TestClock, then advances it. */
export const pass = (time: `${number} ${"millis" | "seconds"}`) =>
  Effect.zipRight(isTimed, TestClock.adjust(time))

/** Runs `tako dev server` in the background. */
export const startDev = (
  options: { readonly environment?: string; readonly command?: ReadonlyArray<string> } = {}
) =>
  Effect.gen(function* () {
    const watch = yield* Testing.WatchControl
    const started = yield* Testing.StartedProcesses
    const notices: Array<Notice> = []
    let seen = 0
    const fiber = yield* Effect.fork(
      dev({
        environment: environment(options.environment ?? "development"),
        command: options.command ?? ["server"],
        directory: "/project/below",
        inherited: { PATH: "/bin", HOST: "0.0.0.0", LEVEL: "shell" },
        programsOf: (directory) => [`${directory}/node_modules/.bin`],
        dataFolder: "/project/.tako/data/development",
        makeDataFolder: Effect.void,
        watched: [secretsFile],
        notify: (notice) => Effect.sync(() => void notices.push(notice))
      })
    )
    return {
      /** Waits for the nth start of the program. */
      start: (nth: number) =>
        Effect.map(
          eventually(started, ({ length }) => length >= nth),
          (all) => {
            if (all.length > nth) throw new Error(`there are ${all.length} starts, and not ${nth}`)
            return all[nth - 1] as (typeof all)[number]
          }
        ),
      starts: Effect.map(started, ({ length }) => length),
      /** Waits for the next notice. */
      nextNotice: Effect.map(
        eventually(
          Effect.sync(() => notices.length),
          (count) => count > seen
        ),
        () => notices[seen++] as Notice
      ),
      /** The notices that no test has read yet. */
      unreadNotices: Effect.sync(() => notices.slice(seen)),
      /** Makes a change, and lets the watcher's quiet period pass. */
      change: <A, E, R>(edit: Effect.Effect<A, E, R>) =>
        edit.pipe(Effect.zipRight(watch.touch(secretsFile)), Effect.zipRight(pass("50 millis"))),
      end: Fiber.join(fiber),
      interrupt: Fiber.interrupt(fiber)
    }
  })

export const exited = (code: number): ProcessExit => ({ _tag: "Exited", code })
export const signalled = (signal: SignalName): ProcessExit => ({ _tag: "Signalled", signal })
