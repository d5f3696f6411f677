import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AppName } from "../../domain/server/app-name.ts"
import type { LogLine } from "../../domain/server/protocol/replies.ts"
import { InstanceLog } from "./instance-log.ts"
import { outputsInto } from "./output.ts"

/** Keeps every line as long as the layer lives. */
export const layerMemory: Layer.Layer<InstanceLog> = Layer.sync(InstanceLog, () => {
  const logs = new Map<AppName, Array<LogLine>>()
  return {
    open: outputsInto((app, lines) => {
      logs.set(app, [...(logs.get(app) ?? []), ...lines])
    }),
    read: (app, { lines, after, instance }) =>
      Effect.sync(() => {
        const all = logs.get(app) ?? []
        const from = /^\d+$/.test(after ?? "") ? Number(after) : 0
        const wanted = all.slice(from).filter((line) => instance === undefined || line.instance === instance)
        return { app, lines: wanted.slice(-lines), next: `${all.length}` }
      }),
    remove: (app) => Effect.sync(() => void logs.delete(app))
  }
})
