import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { AppName } from "../../../src/domain/app/app-name.ts"
import type { SecretSet } from "../../../src/domain/app/secret-set.ts"
import { decodeResponse, type ReplyOf } from "../../../src/domain/protocol/replies.ts"
import type { Command } from "../../../src/domain/protocol/requests.ts"
import { encodeRequest, type Request, type RequestOf } from "../../../src/domain/protocol/requests.ts"
import { defaults } from "../../../src/programs/supervisor/plan.ts"
import { serve } from "../../../src/programs/supervisor/serve.ts"
import { layerMemory as homes } from "../../../src/services/app-home/layer-memory.ts"
import { layerMemory as balancer, OpenedFronts } from "../../../src/services/balancer/layer-memory.ts"
import { HealthControl, layerMemory as health } from "../../../src/services/health/layer-memory.ts"
import { secretsOf } from "../../../src/services/instance-log/contract.ts"
import { layerMemory as log } from "../../../src/services/instance-log/layer-memory.ts"
import { ManagementClient, layerMemory as management } from "../../../src/services/management/layer-memory.ts"
import {
  type StartedProcess,
  StartedProcesses,
  layerMemory as spawner
} from "../../../src/services/process-spawner/layer-memory.ts"
import { layerMemory as key } from "../../../src/services/server-key/layer-memory.ts"
import { layerMemory as state } from "../../../src/services/server-state/layer-memory.ts"
import { ServerState } from "../../../src/services/server-state/server-state.ts"
import { makeLeapingClock } from "../../support/leaping-clock.ts"

export const app = AppName("shop/production")

export const secrets = (...values: ReadonlyArray<string>): SecretSet => secretsOf(...values)

export const valueOf = ({ spec }: StartedProcess, name = "S0"): string | undefined => {
  const value = [...spec.secrets].find(([each]) => each === name)?.[1]
  return value === undefined ? undefined : Redacted.value(value)
}

/** Tells a port of its own at once, as a good app does. */
export const good = (process: StartedProcess) =>
  process.report({ _tag: "Listening", port: 3000 + process.pid })

export const deployment = {
  command: "deploy",
  app,
  directory: "/srv/shop",
  start: ["node", "server.js"],
  listen: "127.0.0.1:8080"
} as const

/** Servers in memory, one after the other over the same state; each process does as `behave` says. */
export const world = Effect.gen(function* () {
  const acts: { behave: (process: StartedProcess) => Effect.Effect<unknown> } = { behave: good }
  const context = yield* Layer.build(
    Layer.mergeAll(
      balancer,
      health,
      homes,
      log,
      management,
      key,
      state,
      spawner({ behave: (process) => Effect.suspend(() => acts.behave(process)) })
    )
  )
  const ask = Context.get(context, ManagementClient)
  let running: Scope.CloseableScope | undefined

  const { clock, passing: leaping } = makeLeapingClock()
  /** Runs it while time passes. */
  const passing = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.withClock(leaping(effect), clock)

  return {
    acts,
    passing,
    fronts: Effect.flatten(Effect.succeed(Context.get(context, OpenedFronts))),
    started: Context.get(context, StartedProcesses),
    health: Context.get(context, HealthControl),
    state: Context.get(context, ServerState),
    start: Effect.gen(function* () {
      const scope = yield* Scope.make()
      running = scope
      yield* Scope.addFinalizer(yield* Effect.scope, Scope.close(scope, Exit.void).pipe(passing))
      yield* serve(
        { ...defaults, inherited: { PATH: "/bin", LANG: "C.UTF-8", AWS_SECRET: "canary" } },
        { version: "1", pid: 1, memory: Effect.succeed(1) }
      ).pipe(Scope.extend(scope), Effect.provide(context), passing)
    }),
    stop: Effect.suspend(() =>
      running === undefined ? Effect.void : passing(Scope.close(running, Exit.void))
    ),
    /** The line, with its newline, that the server answers to one without. */
    line: (line: string) => passing(ask(line)),
    /** What the server answers, as a client would understand it. */
    ask: <C extends Command>(request: RequestOf<C> & { readonly command: C }) =>
      passing(
        Effect.flatMap(ask(Redacted.value(encodeRequest(request as Request)).trimEnd()), (line) => {
          const answer = decodeResponse(request.command, Buffer.from(line.trimEnd()))
          if (answer._tag === "Left") return Effect.dieMessage(answer.left)
          return answer.right._tag === "Done"
            ? Effect.succeed(answer.right.data as ReplyOf<C>)
            : Effect.fail(answer.right.message)
        })
      ),
    settle: (duration: Duration.DurationInput) => passing(Effect.sleep(duration))
  }
})

export const hasEnded = (process: StartedProcess) =>
  Effect.map(process.signals, (signals) => signals.includes("SIGTERM") || signals.includes("SIGKILL"))
