import { group } from "../command.ts"
import { restart, rm, rollback, scale, stop } from "./change.ts"
import { deploy } from "./deploy.ts"

export const apps = group("apps", { summary: "Deploy and control your apps on servers" }, [
  deploy,
  scale,
  restart,
  rollback,
  stop,
  rm
])
