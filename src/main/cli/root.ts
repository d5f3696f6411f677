import * as Layers from "../layers.ts"
import { apps } from "./apps/apps.ts"
import { group } from "./command.ts"
import { completions } from "./completions/completions.ts"
import { dev } from "./dev.ts"
import { init } from "./init.ts"
import { logs } from "./logs.ts"
import { here, provide } from "./provide.ts"
import { run } from "./run.ts"
import { secrets } from "./secrets/secrets.ts"
import { servers } from "./servers/servers.ts"
import { status } from "./status.ts"
import { typegen } from "./typegen.ts"

/** Everything that `tako` can do. */
export const root = group("tako", { summary: "Secrets without .env files" }, [
  provide(init, here(Layers.newProject)),
  secrets,
  provide(run, here(Layers.processes)),
  provide(dev, here(Layers.development)),
  provide(typegen, here(Layers.types)),
  provide(apps, here(Layers.apps)),
  provide(status, here(Layers.apps)),
  provide(logs, here(Layers.apps)),
  servers,
  completions
])
