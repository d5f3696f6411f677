import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { NoTerminal } from "../../../../domain/errors/user.ts"
import type { KeyId } from "../../../../domain/key.ts"
import type { SecretName } from "../../../../domain/names.ts"
import { type Delivery, openParcels, type Removal, type Result } from "../../../../programs/sync/delivery.ts"
import { sync } from "../../../../programs/sync/sync.ts"
import { type Choice, chooseTargets } from "../../../../programs/sync/targets.ts"
import { KeyPins } from "../../../../services/key-pins/key-pins.ts"
import { Stdio } from "../../../../services/stdio/stdio.ts"
import { Terminal } from "../../../../services/terminal/terminal.ts"
import type { Transport } from "../../../../services/transport/transport.ts"
import { done, interrupted, serverFailed } from "../../../exit-code.ts"
import { listChanges, listNames, say } from "../../output.ts"
import {
  continuesOnServer,
  type Line,
  makeProgress,
  type Progress,
  type ProgressStyle,
  type Size
} from "./progress.ts"
import { jsonSummary, report } from "./report.ts"

export { chooseTargets }

export interface Request extends Choice {
  readonly dryRun: boolean
  readonly json: boolean
  /** An earlier key that servers may still have, in addition to those that this machine remembers. */
  readonly previousKey: Option.Option<KeyId>
  /** Removals that the person has agreed to already. */
  readonly agreed: "all" | ReadonlySet<SecretName>
}

export interface SyncContext {
  /** The person, for servers' audit trails. */
  readonly by: Effect.Effect<string>
  /** Whether a terminal can be drawn on. */
  readonly canDraw: boolean
  /** The size of the terminal on stderr. */
  readonly size: () => Size
  /** Asks for passphrases and host keys on the given terminal. */
  readonly transport: Layer.Layer<Transport, never, Terminal>
}

/** A sync with its progress, questions and report; succeeds with the exit code. */
export const carryOut = Effect.fnUntraced(function* (request: Request, context: SyncContext) {
  const { project, destinations, skipped } = yield* chooseTargets(request)
  for (const environment of skipped)
    yield* say(`Environment ${environment} has no secrets yet, so it is skipped`)
  const parcels = yield* openParcels(
    project,
    destinations.map(({ environment }) => environment),
    Option.toArray(request.previousKey)
  )
  const deliveries = parcels.flatMap((parcel, n) =>
    (destinations[n]?.targets ?? []).map((target): Delivery => ({ parcel, target }))
  )
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const startedAt = yield* Clock.currentTimeMillis
      const progress = yield* makeProgress(deliveries, progressStyle(request, context, yield* Stdio))
      const results = yield* sync(
        deliveries,
        { by: yield* context.by, dryRun: request.dryRun, agreed: request.agreed },
        { ...progress, consent: (removals) => progress.pause(askConsent(removals)) }
      ).pipe(
        Effect.provide(Layer.provide(context.transport, pausing(progress))),
        Effect.onInterrupt(() => Effect.zipRight(progress.finish, reportInterruption(progress))),
        // Ctrl-C at a question; other servers may already have been sent to.
        Effect.catchTag("Interrupted", (error) =>
          progress.board.lines().some(hasStarted)
            ? Effect.as(Effect.zipRight(progress.finish, reportInterruption(progress)), undefined)
            : Effect.fail(error)
        )
      )
      if (results === undefined) return interrupted
      yield* progress.finish
      if (!request.dryRun && Option.isNone(request.server)) yield* forgetRetired(results)
      if (request.json) {
        const stdio = yield* Stdio
        yield* stdio.out(jsonSummary(results, (yield* Clock.currentTimeMillis) - startedAt))
      } else yield* report(progress.board.lines(), request.dryRun)
      return results.some(({ outcome }) => Either.isLeft(outcome)) ? serverFailed : done
    })
  )
})

const progressStyle = (
  { json }: Request,
  { canDraw, size }: SyncContext,
  { stderrIsTerminal }: Stdio["Type"]
): ProgressStyle => {
  if (json) return { _tag: "Json" }
  return stderrIsTerminal && canDraw ? { _tag: "Live", size } : { _tag: "Plain" }
}

/** Once all servers of an environment have its key, its earlier keys can be forgotten. */
const forgetRetired = (results: ReadonlyArray<Result>) =>
  Effect.gen(function* () {
    const pins = yield* KeyPins
    const parcels = new Set(results.map(({ delivery }) => delivery.parcel))
    for (const parcel of parcels) {
      const all = results.filter(({ delivery }) => delivery.parcel === parcel)
      if (parcel.previousKeyIds.length === 0 || all.some(({ outcome }) => Either.isLeft(outcome))) continue
      yield* pins.retire(parcel.environment, [])
    }
  })

/** The transports ask on the terminal that the progress is drawn on, so drawing pauses meanwhile. */
const pausing = ({ pause }: Progress) =>
  Layer.effect(
    Terminal,
    Effect.map(Terminal, (terminal): Terminal["Type"] => ({
      ...terminal,
      askHidden: (question) => pause(terminal.askHidden(question)),
      ask: (question) => pause(terminal.ask(question)),
      confirm: (question, options) => pause(terminal.confirm(question, options)),
      choose: (question, choices) => pause(terminal.choose(question, choices))
    }))
  )

const hasStarted = (line: Line): boolean =>
  continuesOnServer(line) || (line.result !== undefined && Either.isRight(line.result.outcome))

const reportInterruption = ({ board }: Progress) =>
  Effect.gen(function* () {
    const lines = board.lines()
    const namesOf = (these: typeof lines) =>
      listNames(
        these.map(({ delivery }) => delivery.target.name),
        8
      )
    const running = lines.filter(continuesOnServer)
    const ended = lines.filter((line) => hasStarted(line) && !continuesOnServer(line))
    const others = lines.filter((line) => !continuesOnServer(line) && line.result === undefined)
    if (running.length === 0 && ended.length === 0) return yield* say("Interrupted. Nothing was changed.")
    if (ended.length > 0) yield* say(`Interrupted. Done: ${namesOf(ended)}`)
    if (running.length > 0) yield* say(`Still rolling out on: ${namesOf(running)}`)
    if (others.length > 0) yield* say(`Nothing was sent to: ${namesOf(others)}`)
    yield* say("Run the same command again to see the result and to send what is missing.")
  })

const maxChanges = 12

/** Shows what servers would lose, grouped by what it is, and asks. */
export const askConsent = Effect.fnUntraced(function* (removals: ReadonlyArray<Removal>) {
  const terminal = yield* Terminal
  const serversByChange = new Map<string, ReadonlyArray<string>>()
  for (const { delivery, plan, removed } of removals) {
    const what = `${delivery.parcel.environment}: ${listChanges({ ...plan, removed })}`
    serversByChange.set(what, [...(serversByChange.get(what) ?? []), delivery.target.name])
  }
  const environments = [...new Set(removals.map(({ delivery }) => delivery.parcel.environment))]
  const have = environments.length === 1 ? "has" : "have"
  const noLonger = `${environments.join(" and ")} no longer ${have}`
  if (!(yield* terminal.isThere)) {
    const servers = listNames([...new Set(removals.map(({ delivery }) => delivery.target.name))])
    const names = listNames([...new Set(removals.flatMap(({ removed }) => removed))])
    return yield* new NoTerminal({
      question: `Remove ${names} from ${servers}, which ${noLonger}?`,
      instead: "Nothing was sent. To see what would change, add --dry-run. If you are sure, add --yes."
    })
  }
  yield* say(`Servers have secrets that ${noLonger}:`)
  for (const [what, servers] of [...serversByChange].slice(0, maxChanges))
    yield* say(`  ${listNames(servers)}   ${what}`)
  if (serversByChange.size > maxChanges)
    yield* say(`  and ${serversByChange.size - maxChanges} more. To see all of them, add --dry-run.`)
  return yield* terminal.confirm("Remove them from the servers?", { default: false })
})
