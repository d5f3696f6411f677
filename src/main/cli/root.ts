import * as Layers from "../layers.ts"
import { group } from "./command.ts"
import { init } from "./init.ts"
import { here } from "./place.ts"
import { provide } from "./provide.ts"
import { run } from "./run.ts"
import { secrets } from "./secrets/secrets.ts"

/** Everything that `tako` can do. */
export const root = group("tako", { summary: "Secrets without .env files" }, [
  provide(init, here(Layers.newProject)),
  secrets,
  provide(run, here(Layers.processes))
])
