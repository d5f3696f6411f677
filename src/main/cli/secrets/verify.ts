import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { describeAttempt, type EnvironmentDowngraded } from "../../../domain/errors/keys.ts"
import type { EnvironmentName } from "../../../domain/names.ts"
import type { Placement } from "../../../programs/environment/placement.ts"
import { type Verdict, verify as verifyEnvironments } from "../../../programs/secrets/verify.ts"
import { damaged, done, failed, noKey } from "../../exit-code.ts"
import { leaf } from "../command.ts"
import { Style } from "../context.ts"
import { environmentFlag, givenEnvironment } from "../names.ts"
import { jsonFlag, outJson, outTable, say } from "../output.ts"
import { type Cell, headings } from "../table.ts"

export const verify = leaf(
  "verify",
  {
    summary: "Check that every value opens with the available keys",
    description:
      "Exits 4 if a value is damaged or misplaced, if an environment was replaced, or if one does not bind its values and nobody agreed to that; 3 if the environment of --env has no key here or if TAKO_PASSPHRASE or TAKO_KEY opens nothing at all; and 1 if an environment lacks a secret that tako.toml requires.",
    example: "tako secrets verify",
    flags: { environment: environmentFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const only = yield* givenEnvironment(input.environment)
      const verdicts = yield* verifyEnvironments(Option.toArray(only), { ask: Option.isSome(only) })
      yield* input.json ? outJson(toJson(verdicts)) : print(verdicts)
      const all = [...verdicts.values()]
      if (all.some(hasProblem)) return damaged
      if (Option.isSome(only) && all.some(({ _tag }) => _tag === "NoKey" || _tag === "NotTrusted"))
        return noKey
      if (openedNothing(all)) return noKey
      return all.some(({ missing }) => missing.length > 0) ? failed : done
    })
)

type Verdicts = ReadonlyMap<EnvironmentName, Verdict>

const counts = (placements: ReadonlyMap<string, Placement>) => {
  const count = (...tags: ReadonlyArray<Placement["_tag"]>) =>
    [...placements.values()].filter(({ _tag }) => tags.includes(_tag)).length
  return {
    opened: placements.size - count("Damaged"),
    unbound: count("Unbound"),
    misplaced: count("Moved", "UnknownOrigin"),
    damaged: count("Damaged")
  }
}

const hasProblem = (verdict: Verdict): boolean => {
  if (verdict._tag === "Replaced" || verdict._tag === "Unbound" || verdict._tag === "Downgraded") return true
  if (verdict._tag !== "Opened") return false
  const { misplaced, damaged } = counts(verdict.placements)
  return misplaced + damaged > 0
}

/** In CI, an empty, misspelt or rotated passphrase must not pass as a successful check. */
const openedNothing = (verdicts: ReadonlyArray<Verdict>): boolean =>
  verdicts.every(({ _tag }) => _tag !== "Opened") &&
  verdicts.some(
    (verdict) => verdict._tag === "NoKey" && verdict.tried.some(({ source }) => source.startsWith("TAKO_"))
  )

const print = Effect.fnUntraced(function* (verdicts: Verdicts) {
  const { out } = yield* Style
  if (verdicts.size === 0) return yield* say("There are no environments yet.")
  yield* outTable([
    headings("ENVIRONMENT", "OPENED", "UNBOUND", "MISPLACED", "DAMAGED")(out),
    ...[...verdicts].map(([name, verdict]): ReadonlyArray<Cell> => {
      switch (verdict._tag) {
        case "Empty":
          return [name, "no secrets"]
        case "NoKey":
          return [name, ["no key here", out.yellow]]
        case "NotTrusted":
          return [name, ["key not trusted", out.yellow]]
        case "Replaced":
          return [name, ["replaced", out.red]]
        case "Unbound":
          return [name, ["not bound", out.red]]
        case "Downgraded":
          return [name, ["not bound any more", out.red]]
        case "Opened": {
          const { opened, unbound, misplaced, damaged } = counts(verdict.placements)
          const problemCount = (count: number): Cell => (count === 0 ? "0" : [String(count), out.red])
          return [
            name,
            `${opened} of ${verdict.placements.size}`,
            String(unbound),
            problemCount(misplaced),
            problemCount(damaged)
          ]
        }
      }
    })
  ])
  for (const [name, verdict] of verdicts) yield* printFindings(name, verdict)
})

const printFindings = Effect.fnUntraced(function* (name: EnvironmentName, verdict: Verdict) {
  const [first, ...others] = verdict.missing
  if (first !== undefined) {
    const [set, what] = others.length === 0 ? ["To set it", first] : ["To set each", "NAME"]
    yield* say(
      `\n${name}: tako.toml requires ${verdict.missing.join(", ")}. ${set}: tako secrets set ${what} --env ${name}`
    )
  }
  if (verdict._tag === "NoKey") {
    const tried = verdict.tried.map((attempt) => `${describeAttempt(attempt)}; `).join("")
    return yield* say(`\n${name}: ${tried}join with tako secrets key derive --env ${name}`)
  }
  if (verdict._tag === "NotTrusted") {
    const from = verdict.origins.length === 0 ? "an unknown project" : verdict.origins.join(", ")
    return yield* say(
      `\n${name}: a key of this machine opens it, but that key belongs to ${from}. If this is the same project: tako secrets key trust --env ${name}`
    )
  }
  if (verdict._tag === "Replaced") {
    return yield* say(
      `\n${name}: this machine has another key for it. If it was rotated: tako secrets key derive --env ${name}`
    )
  }
  if (verdict._tag === "Unbound" || verdict._tag === "Downgraded") {
    return yield* say(`\n${verdict.refusal.message}`)
  }
  if (verdict._tag !== "Opened") return
  for (const [secret, placement] of verdict.placements) {
    switch (placement._tag) {
      case "Moved":
        yield* say(
          `\n${name}: ${secret} holds the value of ${placement.origin.secret} in ${placement.origin.environment}. ` +
            `To put the right one back: tako secrets set ${secret} --env ${name}`
        )
        break
      case "UnknownOrigin":
        yield* say(
          `\n${name}: ${secret} was not sealed for this name. If you know where it comes from: ` +
            `tako secrets adopt ${secret} --env ${name}`
        )
        break
      case "Damaged":
        yield* say(
          `\n${name}: ${secret} is damaged, or sealed with another passphrase. To see who changed it: git log -p -- .tako/secrets.json`
        )
    }
  }
  const { unbound } = counts(verdict.placements)
  if (unbound > 0) {
    yield* say(
      `\n${name}: unbound values can be swapped without anyone noticing. To bind them: tako secrets key rotate --env ${name}`
    )
  }
})

const toJson = (verdicts: Verdicts) => ({
  environments: [...verdicts].map(([name, verdict]) => ({
    name,
    ...findings(verdict),
    missing: verdict.missing
  }))
})

const findings = (verdict: Verdict) => {
  switch (verdict._tag) {
    case "Empty":
      return { state: "empty" }
    case "NoKey":
      return { state: "no-key" }
    case "NotTrusted":
      return { state: "not-trusted" }
    case "Replaced":
      return { state: "replaced" }
    case "Unbound":
      return { state: "unbound", key_id: verdict.refusal.keyId }
    case "Downgraded":
      return { state: "downgraded", ...boundInJson(verdict.refusal) }
    case "Opened":
      return {
        state: hasProblem(verdict) ? "bad" : "good",
        source: verdict.source,
        marked: verdict.marked,
        ...counts(verdict.placements),
        secrets: [...verdict.placements].map(([secret, placement]) => placementJson(secret, placement))
      }
  }
}

const boundInJson = ({ boundIn }: EnvironmentDowngraded) =>
  boundIn === undefined ? {} : { bound_in: boundIn.hash }

const states = {
  Bound: "bound",
  Unbound: "unbound",
  Moved: "moved",
  UnknownOrigin: "unknown-origin",
  Damaged: "damaged"
} as const

const placementJson = (secret: string, placement: Placement) => ({
  name: secret,
  state: states[placement._tag],
  ...(placement._tag === "Moved" && {
    origin: { environment: placement.origin.environment, name: placement.origin.secret }
  })
})
