export { connect } from "../../programs/client/client.ts"
export type { Notice } from "../../programs/dev/dev.ts"
export { type DevOptions, dev } from "../../programs/dev/dev.ts"
export { openComplete, openEnvironment } from "../../programs/environment/open.ts"
export type { Placement } from "../../programs/environment/placement.ts"
export { findEnvironment, findSecret } from "../../programs/environment/read.ts"
export { init } from "../../programs/init.ts"
export { derive } from "../../programs/key/derive.ts"
export { exportKey } from "../../programs/key/export.ts"
export { forget } from "../../programs/key/forget.ts"
export { importKey } from "../../programs/key/import.ts"
export { rotate } from "../../programs/key/rotate.ts"
export { trust } from "../../programs/key/trust.ts"
export { run, runProcess } from "../../programs/run.ts"
export { adopt } from "../../programs/secrets/adopt.ts"
export { get } from "../../programs/secrets/get.ts"
export { importSecrets } from "../../programs/secrets/import.ts"
export { ls } from "../../programs/secrets/ls.ts"
export { rm } from "../../programs/secrets/rm.ts"
export { set } from "../../programs/secrets/set.ts"
export { verify } from "../../programs/secrets/verify.ts"
export { add as addServer } from "../../programs/servers/add.ts"
export { localServer, targetsNamed } from "../../programs/servers/lookup.ts"
export { status as serversStatus } from "../../programs/servers/status.ts"
export { dispatch } from "../../programs/supervisor/serve.ts"
export type {
  Conversation,
  Delivered,
  Delivery,
  DeliveryError,
  Parcel,
  Removal,
  Result,
  Stage
} from "../../programs/sync/delivery.ts"
export { openParcels } from "../../programs/sync/delivery.ts"
export { sync } from "../../programs/sync/sync.ts"
export { chooseTargets } from "../../programs/sync/targets.ts"
export { checkTypes, type GeneratedFile, refreshTypes, typegen } from "../../programs/typegen.ts"
