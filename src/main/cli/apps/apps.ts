import { group } from "../command.ts"
import { deploy } from "./deploy.ts"
import { restart } from "./restart.ts"
import { rm } from "./rm.ts"
import { rollback } from "./rollback.ts"
import { scale } from "./scale.ts"
import { stop } from "./stop.ts"

export const apps = group("apps", { summary: "Run your apps on servers" }, [
  deploy,
  scale,
  restart,
  rollback,
  stop,
  rm
])
