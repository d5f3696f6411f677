import * as Effect from "effect/Effect"
import { root as tree } from "../../../src/main/cli/root.ts"
import { type Random, shuffled } from "../../support/random.ts"
import { inLanes, type Lane, makeLane } from "../lane.ts"
import { trial } from "../report.ts"
import type { Stage } from "../stage.ts"
import { classesIn, classesOf } from "./classes.ts"
import { type Hosts, hosts } from "./hosts.ts"
import { type Row, rowsOf, usedProperly } from "./rows.ts"
import { serverRowsOf } from "./server-rows.ts"
import { preparedFor, tryRow } from "./try-row.ts"

/** Runs every command in every situation, and reports where secrets were found. */
export const leaks = (stage: Stage, random: Random, { all }: { readonly all: boolean }) =>
  trial("leaks", (fail) =>
    withHosts(async (hosts) => {
      const root = process.env.TAKO_PROOF_ROOT ?? process.cwd()
      const prepared = await preparedFor(stage)
      const { canaries } = prepared
      const everything = [...rowsOf(tree.spec, canaries), ...serverRowsOf(tree.spec, canaries, hosts)]
      const rows = all ? everything : sampleOf(everything, random)
      const reached = new Map<string, number>()
      let bytes = 0
      const each = async (row: Row, lane: Lane) => {
        const { found, ended, searched } = await tryRow(stage, prepared, row, lane)
        bytes += searched
        for (const what of found) fail(`${row.title}: ${what}`)
        const classes = classesIn(ended.stderr)
        for (const tag of classes) reached.set(tag, (reached.get(tag) ?? 0) + 1)
        if (/bug in tako|hit a bug/.test(ended.stderr))
          fail(`${row.title}: the message calls it a bug: ${ended.stderr.trim()}`)
        const { ends, reaches = [] } = row
        if ((ends !== undefined && ended.code !== ends) || !reaches.every((tag) => classes.includes(tag)))
          fail(
            `${row.title}, and ended with ${ended.code ?? ended.signal}, ${ended.stderr.trim()}\nIf it is new: rows.ts and server-rows.ts in test/proof/leaks must say how to use it.`
          )
      }
      const fast = rows.filter(({ waits }) => waits !== true)
      const slow = rows.filter(({ waits }) => waits === true)
      await Promise.all([inLanes(stage.lanes, fast, each), inLanes([makeLane(stage.root, 60)], slow, each)])
      const classes = classesOf(root)
      for (const tag of all ? classes : []) if (!reached.has(tag)) fail(`no row ends with ${tag}`)
      return {
        size: `${rows.length} of ${everything.length} rows (commands x situations), ${reached.size} of ${classes.length} classes of errors`,
        result: `${Object.keys(canaries.secrets).join(", ")} nowhere in ${(bytes / 1024 / 1024).toFixed(0)} MiB of output, system calls, files, /proc and git objects`
      }
    })
  )

const withHosts = <A>(use: (hosts: Hosts) => Promise<A>): Promise<A> =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(hosts, (all) => Effect.promise(() => use(all)))))

/**
 * The rows for a quick run: those of a single command, every command used properly, every situation with one command, and
 * one row for each error class that only a server can cause.
 */
const sampleOf = (rows: ReadonlyArray<Row>, random: Random): ReadonlyArray<Row> => {
  const classes = new Set<string>()
  const special = shuffled(
    random,
    rows.filter(({ of }) => of === undefined)
  ).filter(({ reaches }) => {
    const isNew = reaches === undefined || reaches.some((tag) => !classes.has(tag))
    for (const tag of reaches ?? []) classes.add(tag)
    return isNew
  })
  const usual = shuffled(
    random,
    rows.filter(({ of }) => of !== undefined)
  )
  const first = usual.filter(({ of }) => of?.situation === usedProperly)
  const seen = new Set(first.map(({ of }) => of?.situation))
  const more = usual.filter(({ of }) => {
    if (seen.has(of?.situation)) return false
    seen.add(of?.situation)
    return true
  })
  return [...special, ...first, ...more]
}
