import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Layers from "../../../layers.ts"
import { claim } from "../../claim.ts"
import type { Surroundings } from "./carry-out.ts"

// Asked for only where something is drawn: it costs the start a few milliseconds.
const size = () => {
  const { stderr } = process
  return { columns: stderr.columns ?? 80, rows: stderr.rows ?? 24 }
}

/** What connections throw away is short-lived; V8 lets the space for it grow, to 124 MiB for 200 servers instead of 107. */
const sparing = Layer.effectDiscard(
  Effect.promise(async () => (await import("node:v8")).setFlagsFromString("--semi-space-growth-factor=1"))
)

/** This process's: its terminal, its user, and servers wherever they are. */
export const surroundings: Surroundings = {
  by: claim,
  get canDraw() {
    return process.env.TERM !== "dumb"
  },
  size,
  transport: Layer.provide(Layers.transport, sparing)
}
