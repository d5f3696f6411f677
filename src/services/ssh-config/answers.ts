import * as Fs from "node:fs"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type { Destination } from "../../domain/server-registry/destination.ts"
import { uniformConfig } from "../../domain/ssh/uniform-config.ts"

/** What a run of ssh came to. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** What `ssh -G` would print for a host, as far as what it printed for another one tells. */
type OutputFor = (host: string) => string | undefined

/** How long an answer is good for, in ms: a configuration may be edited while an embedder's process runs. */
const freshFor = 10_000

/**
 * Asks ssh of each destination, or once for all hosts with the same user and port, when the files that it read (it names
 * them with -v) say the same of every host: 200 runs of it were a quarter of the processor time that a sync takes itself.
 */
export const answersOf = <E>(
  ask: (options: ReadonlyArray<string>, destination: Destination) => Effect.Effect<Ended, E>
) => {
  const firsts = new Map<string, { readonly at: number; readonly others: Deferred.Deferred<OutputFor> }>()
  return (destination: Destination): Effect.Effect<Ended, E> =>
    Effect.gen(function* () {
      const { host, user = "", port = "" } = destination
      const key = `${user} ${port}`
      const alone = ask(["-G"], destination)
      const at = yield* Clock.currentTimeMillis
      const first = firsts.get(key)
      if (first !== undefined && at - first.at < freshFor) {
        const out = (yield* Deferred.await(first.others))(host)
        return out === undefined ? yield* alone : { code: 0, out, err: "" }
      }
      const others = Deferred.unsafeMake<OutputFor>(FiberId.none)
      firsts.set(key, { at, others })
      // However it ends, nobody waits any longer: the others can ask for themselves.
      const ended = yield* Effect.onExit(ask(["-v", "-G"], destination), (exit) =>
        Deferred.succeed(others, Exit.isSuccess(exit) ? outputFor(host, exit.value) : unknown)
      )
      // What it says of a mistake begins with what -v says.
      return ended.code === 0 ? ended : yield* alone
    })
}

const unknown: OutputFor = () => undefined

const outputFor = (host: string, { code, out, err }: Ended): OutputFor => {
  const uniform = code === 0 && isPlain(host) ? uniformConfig(textsOf(err)) : undefined
  if (uniform === undefined) return unknown
  const names = uniform.setsHostname ? /^(host) .*$/gm : /^(host|hostname) .*$/gm
  return (other) => (isPlain(other) ? out.replace(names, `$1 ${other}`) : undefined)
}

/** A name that ssh prints as it was given. */
const isPlain = (host: string): boolean => /^[a-z0-9][a-z0-9.-]*$/.test(host)

/** Of the files that -v names; one that cannot be read, or whose name is cut off, tells hosts apart. */
const textsOf = (err: string): ReadonlyArray<string> =>
  [...err.matchAll(/^debug1: Reading configuration data (.*)$/gm)].map(([, path = ""]) => {
    try {
      return path.length < longestName ? Fs.readFileSync(path, "utf8") : unreadable
    } catch {
      return unreadable
    }
  })

/** OpenSSH cuts them off there. */
const longestName = 200
const unreadable = "Match all"
