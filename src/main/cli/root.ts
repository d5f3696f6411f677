import * as Layers from "../layers.ts"
import { apps } from "./apps/apps.ts"
import { group } from "./command.ts"
import { completions } from "./completions/completions.ts"
import { globalFlags } from "./context.ts"
import { dev } from "./dev.ts"
import { init } from "./init.ts"
import { logs } from "./logs.ts"
import { provideForProject } from "./provide.ts"
import { run } from "./run.ts"
import { secrets } from "./secrets/secrets.ts"
import { servers } from "./servers/servers.ts"
import { status } from "./status.ts"
import { typegen } from "./typegen.ts"

/** Everything that `tako` can do. */
export const root = group("tako", { summary: "Secrets without .env files", flags: globalFlags }, [
  provideForProject(init, Layers.newProject),
  secrets,
  provideForProject(run, Layers.processes),
  provideForProject(dev, Layers.development),
  provideForProject(typegen, Layers.types),
  provideForProject(apps, Layers.apps),
  provideForProject(status, Layers.apps),
  provideForProject(logs, Layers.apps),
  servers,
  completions
])
