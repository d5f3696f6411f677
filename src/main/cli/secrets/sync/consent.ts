import * as Effect from "effect/Effect"
import { NoTerminal } from "../../../../domain/errors/user.ts"
import type { Removal } from "../../../../programs/sync/delivery.ts"
import { Terminal } from "../../../../services/terminal/terminal.ts"
import { say } from "../../output.ts"
import { sayChanges, sayNames } from "./words.ts"

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
