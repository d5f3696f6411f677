import { newProject, processes, secrets as secretsLayer } from "../layers.ts"
import { group } from "./command.ts"
import { init } from "./init.ts"
import { provide } from "./provide.ts"
import { run } from "./run.ts"
import { secrets } from "./secrets/secrets.ts"

/** Everything that `tako` can do. */
export const root = group("tako", { summary: "Secrets without .env files" }, [
  provide(init, newProject),
  provide(secrets, secretsLayer),
  provide(run, processes)
])
