import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { printable } from "../../../domain/printable.ts"
import { shownTarget } from "../../../domain/target.ts"
import { type ServerStatus, status as statusOf } from "../../../programs/servers/status.ts"
import type { Ink } from "../../command-line/ink.ts"
import { serverFailed } from "../../exit-code.ts"
import { argument, leaf } from "../command.ts"
import { Style } from "../context.ts"
import { jsonFlag, outJson, outTable, say } from "../output.ts"
import { type Cell, headings } from "../table.ts"
import { failureToJson, reportFailures, shortFailure } from "./delivery-failures.ts"
import { noServers, toJson } from "./ls.ts"

export const status = leaf(
  "status",
  {
    summary: "Show which servers answer, and with which version",
    example: "tako servers status",
    arguments: {
      names: argument.rest("NAME", {
        holds: "server",
        summary: "Ask only these; local is this machine"
      })
    },
    flags: { json: jsonFlag }
  },
  ({ names, json }) =>
    Effect.gen(function* () {
      const statuses = yield* statusOf(names)
      const failures = statuses.flatMap(({ target: { name }, outcome }) =>
        Either.isLeft(outcome) ? [{ server: name, error: outcome.left }] : []
      )
      if (json) {
        yield* outJson({ servers: statuses.map(statusToJson) })
        return failures.length > 0 ? serverFailed : undefined
      }
      if (statuses.length === 0) return yield* say(noServers)
      const { out } = yield* Style
      yield* outTable([
        headings("SERVER", "HOST", "STATE", "VERSION", "APPS")(out),
        ...statuses.map((status) => row(status, out))
      ])
      yield* reportFailures(failures)
      return failures.length > 0 ? serverFailed : undefined
    })
)

const row = ({ target, outcome }: ServerStatus, ink: Ink): ReadonlyArray<Cell> => {
  const place = [target.name, shownTarget(target)]
  if (Either.isLeft(outcome)) return [...place, [shortFailure(outcome.left), ink.red]]
  const { version, info } = outcome.right
  const apps = Option.match(info, { onNone: () => "", onSome: ({ apps }) => String(apps) })
  return [...place, ["answers", ink.green], printable(version).slice(0, 40), apps]
}

const statusToJson = ({ target, outcome }: ServerStatus) => ({
  ...toJson(target),
  ...Either.match(outcome, {
    onLeft: failureToJson,
    onRight: ({ version, info }) => ({
      state: "answers",
      version,
      ...Option.match(info, {
        onNone: () => ({}),
        onSome: ({ apps, started_at }) => ({ apps, started_at })
      })
    })
  })
})
