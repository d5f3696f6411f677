import * as Layers from "../../layers.ts"
import { group } from "../command.ts"
import { allowUnboundFlag } from "../context.ts"
import { provideForProject } from "../provide.ts"
import { adopt } from "./adopt.ts"
import { get } from "./get.ts"
import { importCommand as importSecrets } from "./import.ts"
import { derive } from "./key/derive.ts"
import { exportCommand } from "./key/export.ts"
import { forget } from "./key/forget.ts"
import { importCommand } from "./key/import.ts"
import { ls as keyLs } from "./key/ls.ts"
import { rotate } from "./key/rotate.ts"
import { trust } from "./key/trust.ts"
import { ls } from "./ls.ts"
import { rm } from "./rm.ts"
import { set } from "./set.ts"
import { sync } from "./sync/sync.ts"
import { verify } from "./verify.ts"

const key = group("key", { summary: "Manage this machine's keys" }, [
  derive,
  exportCommand,
  importCommand,
  rotate,
  trust,
  forget,
  keyLs
])

const description = { summary: "Manage the secrets of this project", flags: [allowUnboundFlag.spec] }

export const secrets = group("secrets", description, [
  provideForProject(set, Layers.secrets),
  provideForProject(importSecrets, Layers.secrets),
  provideForProject(get, Layers.secrets),
  provideForProject(rm, Layers.secrets),
  provideForProject(ls, Layers.secretsFile),
  provideForProject(sync, Layers.sync),
  provideForProject(verify, Layers.secrets),
  provideForProject(adopt, Layers.secrets),
  provideForProject(key, Layers.secrets)
])
