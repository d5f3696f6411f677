import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AppName } from "../../domain/app/app-name.ts"
import type { LogLine } from "../../domain/protocol/replies.ts"
import { InstanceLog } from "./instance-log.ts"
import { outputsTo } from "./output.ts"

/** Keeps every line in memory while the layer lives. */
export const layerMemory: Layer.Layer<InstanceLog> = Layer.sync(InstanceLog, () => {
  const logs = new Map<AppName, Array<LogLine>>()
  return {
    open: outputsTo((app, lines) => {
      logs.set(app, [...(logs.get(app) ?? []), ...lines])
    }),
    read: (app, { lines, after, instance }) =>
      Effect.sync(() => {
        const all = logs.get(app) ?? []
        const isWanted = (line: LogLine) => instance === undefined || line.instance === instance
        if (after === undefined)
          return { app, lines: all.filter(isWanted).slice(-lines), next: `${all.length}` }
        let next = /^\d+$/.test(after) ? Number(after) : 0
        const found: Array<LogLine> = []
        for (; next < all.length && found.length < lines; next++)
          found.push(...all.slice(next, next + 1).filter(isWanted))
        return { app, lines: found, next: `${next}` }
      }),
    remove: (app) => Effect.sync(() => void logs.delete(app))
  }
})
