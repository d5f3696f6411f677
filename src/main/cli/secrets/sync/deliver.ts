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
import { say } from "../../output.ts"
import { goesOn, type Line, makeProgress, type Progress, type Size, type Way } from "./progress.ts"
import { jsonSummary, report, sayChanges, sayNames } from "./report.ts"

export { chooseTargets }

export interface Request extends Choice {
  readonly dryRun: boolean
  readonly json: boolean
  /** A key that servers may know the app by, besides those that this machine knows of. */
  readonly previousKey: Option.Option<KeyId>
  /** Removals that were agreed to already. */
  readonly agreed: "all" | ReadonlySet<SecretName>
}

export interface Surroundings {
  /** Who this is, for servers' audit trails. */
  readonly by: Effect.Effect<string>
  /** Whether a terminal can be drawn on. */
  readonly canDraw: boolean
  /** Of the terminal on stderr. */
  readonly size: () => Size
  /** The way to servers, which asks for what it needs at this terminal. */
  readonly transport: Layer.Layer<Transport, never, Terminal>
}

/** A sync with all that a person sees of it; succeeds with the exit code. */
export const carryOut = Effect.fnUntraced(function* (request: Request, around: Surroundings) {
  const { project, destinations, skipped } = yield* chooseTargets(request)
  for (const environment of skipped) yield* say(`Environment ${environment} has no secrets yet; left out`)
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
      const begun = yield* Clock.currentTimeMillis
      const progress = yield* makeProgress(deliveries, wayOf(request, around, yield* Stdio))
      const results = yield* sync(
        deliveries,
        { by: yield* around.by, dryRun: request.dryRun, agreed: request.agreed },
        { ...progress, consent: (removals) => progress.pause(askConsent(removals)) }
      ).pipe(
        Effect.provide(Layer.provide(around.transport, pausing(progress))),
        Effect.onInterrupt(() => Effect.zipRight(progress.finish, sayWhatGoesOn(progress))),
        // At a question, which may come when others are sent to already.
        Effect.catchTag("Interrupted", (error) =>
          progress.board.lines().some(hasBegun)
            ? Effect.as(Effect.zipRight(progress.finish, sayWhatGoesOn(progress)), undefined)
            : Effect.fail(error)
        )
      )
      if (results === undefined) return interrupted
      yield* progress.finish
      if (!request.dryRun && Option.isNone(request.server)) yield* forgetRetired(results)
      if (request.json) {
        const stdio = yield* Stdio
        yield* stdio.out(jsonSummary(results, (yield* Clock.currentTimeMillis) - begun))
      } else yield* report(progress.board.lines(), request.dryRun)
      return results.some(({ outcome }) => Either.isLeft(outcome)) ? serverFailed : done
    })
  )
})

const wayOf = (
  { json }: Request,
  { canDraw, size }: Surroundings,
  { stderrIsTerminal }: Stdio["Type"]
): Way => {
  if (json) return { _tag: "Json" }
  return stderrIsTerminal && canDraw ? { _tag: "Live", size } : { _tag: "Plain" }
}

/** Where all servers of an environment know its key by now, nothing has to be told any more of those before. */
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

/** Passphrases of SSH keys are asked for on the terminal that is drawn on. */
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

const hasBegun = (line: Line): boolean =>
  goesOn(line) || (line.result !== undefined && Either.isRight(line.result.outcome))

const sayWhatGoesOn = ({ board }: Progress) =>
  Effect.gen(function* () {
    const lines = board.lines()
    const names = (these: typeof lines) =>
      sayNames(
        these.map(({ delivery }) => delivery.target.name),
        8
      )
    const running = lines.filter(goesOn)
    const ended = lines.filter((line) => hasBegun(line) && !goesOn(line))
    const others = lines.filter((line) => !goesOn(line) && line.result === undefined)
    if (running.length === 0 && ended.length === 0) return yield* say("Interrupted. Nothing was changed.")
    if (ended.length > 0) yield* say(`Interrupted. Done: ${names(ended)}`)
    if (running.length > 0) yield* say(`These go on without us, to their end: ${names(running)}`)
    if (others.length > 0) yield* say(`Nothing was sent to: ${names(others)}`)
    yield* say("The same command tells what became of them, and sends what is missing.")
  })

const most = 12

/** Shows what servers would lose, those together that would lose the same, and asks. */
export const askConsent = Effect.fnUntraced(function* (removals: ReadonlyArray<Removal>) {
  const terminal = yield* Terminal
  const alike = new Map<string, ReadonlyArray<string>>()
  for (const { delivery, plan, removed } of removals) {
    const what = `${delivery.parcel.environment}: ${sayChanges({ ...plan, removed })}`
    alike.set(what, [...(alike.get(what) ?? []), delivery.target.name])
  }
  const environments = [...new Set(removals.map(({ delivery }) => delivery.parcel.environment))]
  const have = environments.length === 1 ? "has" : "have"
  const noLonger = `${environments.join(" and ")} no longer ${have}`
  if (!(yield* terminal.isThere)) {
    const servers = sayNames([...new Set(removals.map(({ delivery }) => delivery.target.name))])
    const names = sayNames([...new Set(removals.flatMap(({ removed }) => removed))])
    return yield* new NoTerminal({
      question: `Whether to remove ${names} from ${servers}, which ${noLonger}`,
      instead: "Nothing was sent. To see all that would change: --dry-run; if you mean it: add --yes"
    })
  }
  yield* say(`Servers have secrets that ${noLonger}:`)
  for (const [what, servers] of [...alike].slice(0, most)) yield* say(`  ${sayNames(servers)}   ${what}`)
  if (alike.size > most) yield* say(`  and ${alike.size - most} more; to see all of them: --dry-run`)
  return yield* terminal.confirm("Remove them there?", { default: false })
})
