import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { printable } from "../../../domain/printable.ts"
import type { Outcome } from "../../../programs/apps/on-each.ts"
import type { AppReport, ServerReport } from "../../../programs/apps/status.ts"
import { out, outTable } from "../output.ts"
import { Style } from "../style.ts"
import { instanceHeadings, instanceRow, releaseHeadings, releaseRow } from "./rows.ts"

/** The instances and the releases of the apps that were found; with the server's name where there are several. */
export const details = (found: ReadonlyArray<Outcome<ServerReport>>, now: number) =>
  Effect.gen(function* () {
    const { out: ink } = yield* Style
    for (const { target, outcome } of found) {
      if (Either.isLeft(outcome)) continue
      for (const report of outcome.right.apps) {
        if (found.length > 1) yield* out(`\n${ink.bold(target.name)}\n`)
        yield* one(report, now)
      }
    }
  })

const one = ({ status, releases }: AppReport, now: number) =>
  Effect.gen(function* () {
    const { out: ink } = yield* Style
    const look = { now, ink }
    if (status.listen !== null) yield* out(`\nIts address: ${printable(status.listen)}\n`)
    if (status.instance_list.length > 0) {
      yield* out("\n")
      yield* outTable([
        instanceHeadings(ink),
        ...status.instance_list.map((instance) => instanceRow(instance, look))
      ])
    }
    const kept = Option.getOrElse(releases, () => [])
    if (kept.length === 0) return
    yield* out("\n")
    yield* outTable([
      releaseHeadings(ink),
      ...kept.map((release) => releaseRow(release, status.release, look)).reverse()
    ])
  })
